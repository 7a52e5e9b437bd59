"""The web page: chat, sources, conversations, one's own articles; and the same over HTTP."""
