"use strict";
// Shows the questions that lie in the page as JSON, and filters them. Data becomes text only, never markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const lower = new Set(data.lower);

  /** An element with a class, attributes and children, which are elements or text. */
  function make(name, kind, ...children) {
    const element = document.createElement(name);
    if (kind) element.className = kind;
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }

  const isBelow = (name, score) => score !== null && (lower.has(name) ? score > 0 : score < 1);

  // ---- one question

  function makeSummary(row) {
    const meta = [row.id, ...(row.tags || []), row.lost || ""].filter(Boolean).join(" · ");
    return make(
      "summary", "",
      make("span", `badge ${row.failed ? "bad" : "good"}`, row.outcome),
      make("span", "asked", row.question),
      make("span", "meta", meta),
    );
  }

  function makeMarked(quote) {
    const text = make("p", "quote");
    let at = 0;
    if (quote.begin) text.append("…");
    for (const [start, end] of quote.marks) {
      text.append(quote.text.slice(at, start), make("mark", "", quote.text.slice(start, end)));
      at = end;
    }
    text.append(quote.text.slice(at));
    const after = quote.cut - (quote.begin || 0);
    if (after > 0) text.append(`… (${after.toLocaleString("en")} more characters)`);
    return text;
  }

  function nameArticle(quote) {
    return quote.article.includes(quote.title) ? quote.article : `${quote.title} · ${quote.article}`;
  }

  function makeSource(quote, number) {
    const where = make("p", "where", make("b", "", number), ` ${nameArticle(quote)} [${quote.start}:${quote.end}]`);
    if (quote.score !== undefined) where.append(` · ${quote.score.toFixed(3)}`);
    return make("div", quote.marks.length ? "source hit" : "source", makeMarked(quote), where);
  }

  function makeGold(gold, number) {
    const where = make("p", "where", make("b", "", `Gold ${number}`), ` ${nameArticle(gold)} · `);
    where.append(make("span", gold.cited ? "good" : "bad", gold.cited ? "cited" : "not cited"));
    if (!gold.standing) where.append(" · does not stand in its article");
    else where.append(gold.rank ? ` · passage ${gold.rank}` : " · in no passage");
    return make("div", "source", make("p", "quote", gold.text), where);
  }

  function makeAnswer(row) {
    const side = make("div", "", make("h3", "", "Answer"));
    side.append(make("p", row.refused ? "said refusal" : "said", row.text || "(nothing)"));
    const facts = [];
    if (row.certainty !== undefined) facts.push(`certainty ${row.certainty.toFixed(3)}`);
    if (row.refused) facts.push(`what it would have answered is ${row.attempt ? "right" : "wrong or nothing"}`);
    if (facts.length) side.append(make("p", "where", facts.join(" · ")));
    if (row.citations) side.append(make("h3", "", "Citations"));
    (row.citations || []).forEach((each, at) => side.append(makeSource(each, `[${at + 1}]`)));
    return side;
  }

  function makeExpected(row) {
    const side = make("div", "", make("h3", "", "Expected"));
    if (!row.answerable) side.append(make("p", "said refusal", "A refusal: nothing answers this."));
    for (const group of row.answers || []) side.append(make("p", "said", group.join(" / ")));
    if (row.answerable && !row.answers) side.append(make("p", "where", "No words are expected, only gold."));
    if (row.gold) side.append(make("h3", "", "Gold"));
    (row.gold || []).forEach((each, at) => side.append(makeGold(each, at + 1)));
    return side;
  }

  function makeTurns(row) {
    const turns = make("dl", "turns");
    for (const [role, content] of row.history || []) turns.append(make("dt", "", role), make("dd", "", content));
    if (row.asked) turns.append(make("dt", "", "searched as"), make("dd", "", row.asked));
    return turns;
  }

  function makeScores(row) {
    const scores = make("dl", "scores");
    data.metrics.forEach((name, at) => {
      const score = row.scores[at];
      if (score === null) return;
      const value = make("dd", isBelow(name, score) ? "below" : "", Number(score.toFixed(3)).toString());
      scores.append(make("div", "", make("dt", "", name), value));
    });
    const steps = Object.entries(row.steps || {});
    const total = steps.reduce((sum, [, milliseconds]) => sum + milliseconds, 0);
    const told = steps.map(([step, milliseconds]) => `${step} ${milliseconds}`).join(", ");
    if (steps.length) scores.append(make("div", "", make("dt", "", `ms (${told})`), make("dd", "", total.toFixed(0))));
    return scores;
  }

  function makePassages(row) {
    const shown = row.passages || [];
    const list = make("ol", "");
    for (const each of shown) list.append(make("li", "", makeSource(each, `${each.rank}.`)));
    return make("details", "passages", make("summary", "", `Passages found: ${shown.length} of ${row.searched}`), list);
  }

  function makeBody(row) {
    const body = make("div", "body");
    if (row.history || row.asked) body.append(make("h3", "", "Conversation"), makeTurns(row));
    body.append(make("div", "sides", makeAnswer(row), makeExpected(row)), makeScores(row));
    if (row.passages) body.append(makePassages(row));
    return body;
  }

  function makeCase(row) {
    const shown = make("details", "case", makeSummary(row));
    shown.addEventListener("toggle", () => {
      if (shown.open && shown.childElementCount === 1) shown.append(makeBody(row));
    });
    return shown;
  }

  // ---- which are shown

  const cases = data.cases.map((row, at) => ({ row, at, shown: makeCase(row), text: "" }));
  const fields = { text: find("filter-text"), tag: find("filter-tag"), metric: find("filter-metric"), stage: find("filter-stage"), failed: find("filter-failed") };

  function textOf(each) {
    const { row } = each;
    const quotes = [...(row.gold || []), ...(row.citations || [])].map((quote) => `${quote.text}\n${quote.article}\n${quote.title}`);
    each.text ||= [row.id, row.question, row.asked, row.text, ...(row.answers || []).flat(), ...(row.history || []).flat(), ...quotes]
      .join("\n").toLowerCase();
    return each.text;
  }

  function isShown(each) {
    const { row } = each;
    const at = data.metrics.indexOf(fields.metric.value);
    return (!fields.failed.checked || row.failed)
      && (!fields.tag.value || (row.tags || []).includes(fields.tag.value.slice(1)))
      && (!fields.stage.value || row.lost === fields.stage.value)
      && (at < 0 || isBelow(data.metrics[at], row.scores[at]))
      && words().every((word) => textOf(each).includes(word));
  }

  const words = () => fields.text.value.toLowerCase().split(/\s+/).filter(Boolean);

  /** Failures first; with a figure chosen, the worst of it first. */
  function sorted() {
    const at = data.metrics.indexOf(fields.metric.value);
    if (at < 0) return cases;
    const sign = lower.has(data.metrics[at]) ? -1 : 1;
    return [...cases].sort((left, right) => sign * (left.row.scores[at] - right.row.scores[at]) || left.at - right.at);
  }

  let order = "";  // what the cases stand in the page by
  function refresh() {
    if (order !== fields.metric.value) {
      order = fields.metric.value;
      find("cases").append(...sorted().map((each) => each.shown));
    }
    let count = 0;
    for (const each of cases) {
      each.shown.hidden = !isShown(each);
      if (!each.shown.hidden) count += 1;
    }
    find("count").textContent = `${count.toLocaleString("en")} of ${cases.length.toLocaleString("en")} questions`;
  }

  function addOptions(select, counts, value) {
    for (const [name, count] of counts) {
      const option = make("option", "", `${name} (${count.toLocaleString("en")})`);
      option.value = value(name);
      select.append(option);
    }
  }

  function count(lists) {
    const counts = new Map();
    for (const list of lists) for (const name of list) counts.set(name, (counts.get(name) || 0) + 1);
    return counts;
  }

  function choose(field, value) {
    find("filters").reset();
    fields[field].value = value;
    refresh();
    find("questions").scrollIntoView();
    fields[field].focus({ preventScroll: true });
  }

  // ---- the start

  const rows = data.cases;
  addOptions(fields.tag, [...count(rows.map((row) => row.tags || []))].sort(), (name) => `#${name}`);
  addOptions(fields.stage, [...count(rows.map((row) => (row.lost ? [row.lost] : [])))].sort((a, b) => b[1] - a[1]), (name) => name);
  const below = count(rows.map((row) => data.metrics.filter((name, at) => isBelow(name, row.scores[at]))));
  addOptions(fields.metric, data.metrics.filter((name) => below.has(name)).map((name) => [name, below.get(name)]), (name) => name);

  let waiting = 0;
  find("filters").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 120);
  });
  find("filters").addEventListener("submit", (event) => event.preventDefault());
  find("filters").addEventListener("reset", () => setTimeout(refresh));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-tag], button[data-stage]");
    if (!button) return;
    if (button.dataset.stage) choose("stage", button.dataset.stage);
    else choose("tag", `#${button.dataset.tag}`);
  });

  const metric = find("tag-metric");
  function showPanel() {
    for (const panel of document.querySelectorAll(".panel")) panel.hidden = panel.dataset.metric !== metric.value;
  }
  metric.addEventListener("change", showPanel);
  for (const heading of document.querySelectorAll(".panel h3")) heading.hidden = true;
  metric.parentElement.hidden = false;
  showPanel();
  find("filters").hidden = false;
  find("cases").append(...cases.map((each) => each.shown));
  refresh();
})();
