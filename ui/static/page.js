// What the page does in the browser. It runs before Gradio's own scripts.
//
// Python makes the HTML of each panel (ui/transcript.py, ui/source.py, ui/sidebar.py); here it is put in its place,
// and what its elements name is done:
//   data-send="ask"      a click, or a form's submit, sends the event "ask" with the other data- attributes and fields
//   data-with-article    the event tells the article that is open, too
//   data-toggle="id"     shows or hides the element
//   data-copy            copies the answer's text, or data-text
//   data-move="1"        opens the next citation of the chat

(() => {
  "use strict";

  // The page's language is chosen by its own switch, Chinese first; Gradio follows navigator.language.
  const languages = { zh: "zh-CN", en: "en" };
  const chosen = /(?:^|; )wenfeng_language=(zh|en)/.exec(document.cookie)?.[1] ?? "zh";
  Object.defineProperty(navigator, "language", { get: () => languages[chosen] });
  Object.defineProperty(navigator, "languages", { get: () => [languages[chosen]] });

  const FILES_AT_A_TIME = 2000; // of whose names an event is made
  const TWICE = 1000; // milliseconds in which a question that is sent again was sent by mistake
  const KEPT = "wenfeng_conversation"; // survives a reload of this tab
  const narrow = window.matchMedia("(max-width: 900px)");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const behavior = () => (still.matches ? "auto" : "smooth");
  let opened = null; // exchange and number of the mark whose source is shown
  let isFocusWanted = false; // a source that was opened by key takes the focus

  const keyOf = (mark) => `${mark.dataset.exchange} ${mark.dataset.number}`;

  /** Replace the children of `slot` by blocks, touching only those whose HTML changed. */
  function putBlocks(slot, blocks) {
    const held = new Map([...slot.children].map((child) => [child.dataset.block, child]));
    const wanted = new Set(blocks.map((block) => block.id));
    for (const [id, child] of held) if (!wanted.has(id)) child.remove();
    let before = null;
    for (const { id, html } of blocks) {
      let child = held.get(id);
      if (!child) {
        child = document.createElement("div");
        child.className = "turn";
        child.dataset.block = id;
      }
      if (child.source !== html) keepFocus(child, () => (child.innerHTML = child.source = html));
      const place = before ? before.nextSibling : slot.firstChild;
      if (child !== place) slot.insertBefore(child, place);
      before = child;
    }
  }

  /** Replace what is in `holder`; the focus stays on the button that did the same before. */
  function keepFocus(holder, replace) {
    const focused = holder.contains(document.activeElement) ? document.activeElement : null;
    const nameOf = (element) => {
      const { pressed, ...data } = element.dataset;
      return JSON.stringify([element.tagName, element.className, data]);
    };
    const name = focused && nameOf(focused);
    replace();
    if (!focused) return;
    const same = [...holder.querySelectorAll("button, a, summary, textarea, input")].find((each) => nameOf(each) === name);
    (same ?? holder.querySelector("button, a, summary"))?.focus({ preventScroll: true });
  }

  function send(trigger, element, fields = {}) {
    const { send: event, withArticle, ...data } = element.dataset;
    const article = document.querySelector("#source .source")?.dataset.path;
    trigger(event, { ...data, ...fields, ...(withArticle !== undefined && article ? { article } : {}) });
  }

  function listen(slot, trigger) {
    slot.addEventListener("click", (event) => {
      const button = event.target.closest("[data-send]:not(form)");
      if (!button || !slot.contains(button)) return;
      event.preventDefault();
      if (event.detail > 1) return; // a double click is one
      if (["open", "restore"].includes(button.dataset.send)) openMenu(false);
      if (button.matches(".mark")) {
        opened = keyOf(button);
        markOpened();
      }
      isFocusWanted = event.detail === 0 && slot.contains(document.activeElement);
      send(trigger, button);
    });
    slot.addEventListener("submit", (event) => {
      event.preventDefault();
      send(trigger, event.target, Object.fromEntries(new FormData(event.target)));
      if (event.target.id) event.target.hidden = true;
    });
  }

  function markOpened() {
    for (const mark of document.querySelectorAll(".mark")) {
      if (keyOf(mark) === opened) mark.setAttribute("aria-current", "true");
      else mark.removeAttribute("aria-current");
    }
  }

  /** Open the citation `step` places after the one that is open. */
  function move(step) {
    const marks = [...document.querySelectorAll("#transcript .mark")];
    if (!marks.length) return;
    const at = marks.findIndex((mark) => keyOf(mark) === opened);
    const next = at < 0 ? (step > 0 ? 0 : marks.length - 1) : (at + step + marks.length) % marks.length;
    marks[next].scrollIntoView({ block: "nearest", behavior: behavior() });
    marks[next].click();
  }

  async function copy(button) {
    const text =
      button.dataset.copy === "text"
        ? button.dataset.text
        : [...button.closest(".turn").querySelectorAll(".text > p")].map(plainText).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure context there is no clipboard: a selection is copied.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    const label = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 1500);
  }

  function plainText(paragraph) {
    const copied = paragraph.cloneNode(true);
    for (const card of copied.querySelectorAll(".card")) card.remove();
    return copied.textContent;
  }

  /** A card stays inside the window, above its mark or below it. */
  function placeCard(mark) {
    const card = mark.parentElement.querySelector(".card");
    if (!card) return;
    card.classList.remove("dismissed");
    card.style.left = card.style.top = "0";
    const at = mark.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, window.innerWidth - size.width - 8));
    const above = at.top - size.height - 6;
    card.style.left = `${left}px`;
    card.style.top = `${above > 8 ? above : at.bottom + 6}px`;
  }

  /** On a phone the list of conversations lies over the chat. */
  function openMenu(isOpen) {
    document.body.classList.toggle("menu-open", isOpen);
    document.getElementById("menu-button")?.setAttribute("aria-expanded", String(isOpen));
  }

  // A question that is sent twice at once is asked once.
  const sent = { text: "", at: 0 };
  function dropRepeated(event) {
    const field = document.querySelector("#composer textarea");
    const isSent =
      event.type === "keydown"
        ? event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === field
        : event.target.closest("#composer .submit-button");
    if (!isSent || !field.value.trim()) return;
    if (field.value === sent.text && Date.now() - sent.at < TWICE) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else {
      Object.assign(sent, { text: field.value, at: Date.now() });
    }
  }
  document.addEventListener("input", (event) => {
    if (event.target.closest("#composer")) sent.at = 0; // typed anew, it is meant
  });
  window.addEventListener("keydown", dropRepeated, true);
  window.addEventListener("click", dropRepeated, true);

  document.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-toggle]");
    if (toggle) {
      const target = document.getElementById(toggle.dataset.toggle);
      if (target) {
        target.hidden = !target.hidden;
        toggle.setAttribute("aria-expanded", String(!target.hidden));
        toggle.closest("details")?.removeAttribute("open");
        target.querySelector("textarea, input")?.focus();
      }
    }
    const copied = event.target.closest("[data-copy]");
    if (copied) copy(copied);
    const moved = event.target.closest("[data-move]");
    if (moved) move(Number(moved.dataset.move));
    if (event.target.closest("#menu-button")) openMenu(!document.body.classList.contains("menu-open"));
    if (event.target.closest("#new")) openMenu(false);
    const language = event.target.closest("[data-language]");
    if (language) {
      document.cookie = `wenfeng_language=${language.dataset.language}; path=/; max-age=31536000; samesite=strict`;
      location.reload();
    }
    for (const menu of document.querySelectorAll("details.more[open]")) {
      if (!menu.contains(event.target) || event.target.closest(".menu .tool")) menu.removeAttribute("open");
    }
  });
  for (const kind of ["mouseover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const mark = event.target.closest?.(".mark");
      if (mark) placeCard(mark);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const card of document.querySelectorAll(".card")) card.classList.add("dismissed");
      for (const menu of document.querySelectorAll("details.more[open]")) menu.removeAttribute("open");
      openMenu(false);
    }
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "J") move(1);
    if (event.key === "k" || event.key === "K") move(-1);
    if (event.key === " " && event.target.matches?.("a[role=button]")) {
      event.preventDefault();
      event.target.click();
    }
  });

  // ---- files

  /** Every file of a drop or a choice as {name, file}, folders walked; of a folder only what could be an article. */
  async function listFiles(zone, items, chosen) {
    const wanted = (name) => zone.dataset.suffixes.split(",").some((each) => name.toLowerCase().endsWith(each));
    const found = [];
    async function walk(entry, isInside) {
      if (entry.isFile) {
        const file = await new Promise((done, fail) => entry.file(done, fail));
        if (!isInside || wanted(file.name)) found.push({ name: entry.fullPath.replace(/^\//, ""), file });
        return;
      }
      const reader = entry.createReader();
      for (;;) {
        const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // at most a hundred
        if (!some.length) return;
        for (const each of some) await walk(each, true);
      }
    }
    // A drop's items are gone after the first wait.
    const dropped = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
    for (const each of dropped) {
      if (each instanceof File) found.push({ name: each.name, file: each });
      else await walk(each, false);
    }
    for (const file of chosen) {
      const folder = file.webkitRelativePath;
      if (!folder || wanted(file.name)) found.push({ name: folder || file.name, file });
    }
    return found;
  }

  function acceptFiles(slot, trigger, upload) {
    /** Where the server keeps a file, or what the report should say of it. */
    async function keep(file, most) {
      if (file.size > most) return "too large";
      try {
        return (await upload(file)).path;
      } catch {
        return "";
      }
    }
    async function add(zone, listing) {
      const say = (told) => (zone.querySelector(".sending").textContent = told);
      let files = [];
      try {
        const listed = await listing;
        for (const [done, { name, file }] of listed.entries()) {
          say(zone.dataset.sending.replace("{done}", done).replace("{total}", listed.length));
          files.push({ name, kept: await keep(file, Number(zone.dataset.most)) });
          if (files.length === FILES_AT_A_TIME) trigger("files", { files: files.splice(0) });
        }
        say(listed.length ? "" : zone.dataset.nothing);
      } catch {
        say(zone.dataset.failed);
      }
      if (files.length) trigger("files", { files });
    }
    slot.addEventListener("change", (event) => {
      const zone = event.target.closest("[data-drop]");
      if (zone) add(zone, listFiles(zone, [], [...event.target.files])).finally(() => (event.target.value = ""));
    });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      slot.addEventListener(kind, (event) => {
        const zone = event.target.closest("[data-drop]");
        if (!zone) return;
        event.preventDefault();
        zone.classList.toggle("over", kind === "dragover");
        if (kind === "drop") add(zone, listFiles(zone, [...event.dataTransfer.items], []));
      });
    }
  }

  /** Gradio's buttons to send and to stop have pictures only; their names come with the brand. */
  function nameButtons(slot) {
    const name = () => {
      const { labelSend, labelStop } = slot.querySelector("[data-label-send]")?.dataset ?? {};
      for (const [kind, label] of [["submit", labelSend], ["stop", labelStop]]) {
        const button = document.querySelector(`#composer .${kind}-button`);
        if (button && label && button.getAttribute("aria-label") !== label) {
          button.setAttribute("aria-label", label);
          button.title = label;
        }
      }
    };
    new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  }

  /** What a panel does once its new content stands. */
  const after = {
    transcript(slot, value) {
      if (!value.blocks.length) return; // nothing was opened yet
      if (value.conversation) sessionStorage.setItem(KEPT, value.conversation);
      else sessionStorage.removeItem(KEPT);
      markOpened();
      const last = slot.lastElementChild;
      if (slot.turns !== value.blocks.length || last?.querySelector(".pending")) {
        last?.scrollIntoView({ block: slot.turns === undefined ? "nearest" : "start", behavior: behavior() });
      }
      slot.turns = value.blocks.length;
    },
    suggestions(slot) {
      // The answer's beginning stays in view.
      const last = document.querySelector("#transcript .turn:last-child");
      if (!last || last.getBoundingClientRect().height > window.innerHeight / 2) return;
      slot.firstElementChild?.scrollIntoView({ block: "nearest", behavior: behavior() });
    },
    source(slot) {
      const place = slot.querySelector("#cited") ?? slot.querySelector(".source h2");
      if (!place || !slot.querySelector(".source")) return;
      if (narrow.matches) document.getElementById("panel")?.scrollIntoView({ behavior: behavior() });
      if (isFocusWanted) slot.querySelector(".source").focus({ preventScroll: true });
      isFocusWanted = false;
      requestAnimationFrame(() => place.scrollIntoView({ block: "center", behavior: behavior() }));
    },
  };

  window.wenfeng = {
    /** Called by each panel of ui/page.py when Gradio has made it. */
    mount(name, element, props, trigger, watch, upload) {
      const slot = document.createElement("div");
      slot.className = "slot";
      listen(slot, trigger);
      if (name === "drop") acceptFiles(slot, trigger, upload);
      const put = () => {
        const value = props.value ?? "";
        if (!slot.isConnected) element.append(slot);
        if (typeof value === "string") {
          // A name that is being typed outlives the list that comes anew.
          const isTyping = name === "entries" && slot.querySelector("form:not([hidden]) input:focus");
          if (slot.source !== value && !isTyping) keepFocus(slot, () => (slot.innerHTML = slot.source = value));
        } else if (value.follows && value.conversation !== slot.conversation) {
          return; // another conversation has been opened since
        } else {
          slot.conversation = value.conversation;
          putBlocks(slot, value.blocks);
        }
        after[name]?.(slot, value);
      };
      put();
      watch("value", put);
      if (name === "brand") nameButtons(slot);
      if (name === "transcript") {
        slot.setAttribute("role", "log");
        slot.setAttribute("aria-live", "polite");
        setTimeout(() => trigger("start", { conversation: sessionStorage.getItem(KEPT) }), 0);
      }
    },
  };
})();
