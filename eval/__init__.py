"""Question sets, metrics and reports: how well Wenfeng searches, answers and refuses."""
