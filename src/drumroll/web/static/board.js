// The live board. Shows what /v1/board says and nothing else: no counting up between figures, since a
// number that was never on disk must never be on the screen. All text goes through textContent.
// Its words come with the page, in the page's language (board-words.json).
const STALE_MS = 4000; // the stream speaks about once a second
const POLL_MS = 2000;
const SILENT_MS = 12000; // a stream that is open and says nothing is opened anew
const SHOWN_MILESTONES = 5;
const STATES = ["firm", "reserved", "expired", "cancelled", "forfeited"]; // each order is in one of them
const OF_FIRM = ["locked", "converted"]; // counted among the firm as well
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

const $ = (id) => document.getElementById(id);
const words = JSON.parse($("words").textContent);
const locale = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang; // "26 June 2025, 22:00"
const texts = JSON.parse($("texts").textContent); // names of the launch file in this language
const named = (name) => (Object.hasOwn(texts, name) ? texts[name] : name);
const word = (key, facts = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => facts[name]);
const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const count = (n) => plain.format(n);
const two = (n) => String(n).padStart(2, "0");

function put(id, text) {
  const node = typeof id === "string" ? $(id) : id;
  if (node.textContent !== text) node.textContent = text;
}
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}
const width = (node, share) => { node.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`; };

// "2 min 58 s", rounded up: nothing is ever said to have happened earlier than it did.
function span(seconds) {
  if (seconds > 0 && seconds < 10 && seconds % 1) return word("seconds", { n: tenths.format(Math.ceil(seconds * 10 - 1e-6) / 10) });
  const all = Math.ceil(Math.max(0, seconds) - 1e-6);
  const parts = [[Math.floor(all / 86400), "days"], [Math.floor(all / 3600) % 24, "hours"], [Math.floor(all / 60) % 60, "minutes"], [all % 60, "seconds"]];
  return parts.filter(([n]) => n).map(([n, unit]) => word(unit, { n })).join(" ") || word("seconds", { n: 0 });
}
// "00:03:00": as wide after a second as before it.
function stopwatch(seconds) {
  const all = Math.max(0, seconds), days = Math.floor(all / 86400);
  const rest = [Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, Math.floor(all) % 60].map(two).join(":");
  return days ? word("days_and_clock", { n: days, clock: rest }) : rest;
}

// ---- times in the launch's zone
let zone = null, clockFormat, dayFormat;
function setZone(name) {
  if (name === zone) return;
  const formats = (timeZone) => {
    clockFormat = new Intl.DateTimeFormat(locale, { timeZone, hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    dayFormat = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "long" });
  };
  try { formats(name); } catch { formats("UTC"); }
  zone = name;
}
const zoneName = () => (zone === "Asia/Shanghai" ? word("beijing_time") : clockFormat.resolvedOptions().timeZone);
const clock = (ms) => clockFormat.format(ms);

// ---- what is shown
// serverMs: of when the figures are. ahead: how far the server's clock is ahead of ours; an event is up to a second old
// when it comes, so what makes it the most is the nearest.
let board = null, seenAt = 0, serverMs = 0, ahead = 0, pace = 1, knownMilestones = null, points = [], scale = null;

function show(next) {
  const at = Date.now(), now = Date.parse(next.now);
  const offset = now - at;
  ahead = seenAt && pace === 1 && Math.abs(offset - ahead) < 2000 ? Math.max(ahead, offset) : offset;
  board = next; seenAt = at; serverMs = now;
  setZone(board.launch.time_zone);
  $("sandbox").hidden = !board.sandbox;
  put("name", named(board.launch.name));
  put("asof", word("as_of", { time: clock(serverMs), zone: zoneName() }));
  put("position", word("position", { n: count(board.position) }));
  showHero(); showMilestones(); showCurve(); showTrims(); showStates();
  $("board").removeAttribute("aria-busy");
}
const elapsed = () => (serverMs - Date.parse(board.opens_at)) / 1000;

function big(text) {
  put("headline", text);
  const shape = text.replace(/\d/g, "0"), node = $("headline"); // digits are all as wide as each other
  if (shape === fitted) return;
  fitted = shape;
  node.style.setProperty("--ems", (node.offsetWidth / parseFloat(getComputedStyle(node).fontSize)).toFixed(3));
}
let fitted = "";
function showHero() {
  const opens = Date.parse(board.opens_at), before = elapsed() < 0;
  const title = word(before ? "title_before" : "title_firm", { n: count(board.totals.firm), name: named(board.launch.name) });
  document.title = board.sandbox ? word("title_sandbox", { title }) : title;
  put("hero-label", word(before ? "opens_in" : "firm_orders"));
  put("hero-sub", word(before ? "opens_sub" : "firm_sub"));
  put("rate", word("rate", { n: rate(board.rate_per_s) }));
  put("open-for", before ? word("day_and_time", { day: dayFormat.format(opens), time: clock(opens) }) : stopwatch(elapsed()));
  put("open-label", before ? word("opening_in_zone", { zone: zoneName() }) : word("since_opening"));
  $("rate-fact").hidden = before;
  $("facts").classList.toggle("wide", before);
  if (before) countDown();
  else big(count(board.totals.firm));
}
function rate(perSecond) {
  const size = Math.abs(perSecond), text = size >= 10 || !size ? count(Math.round(size)) : tenths.format(size);
  return (perSecond < 0 && Number(text) !== 0 ? "−" : "") + text;
}
// The one thing that moves between two messages: time itself.
function countDown() {
  if (!board || elapsed() >= 0) return;
  const now = pace === 1 ? Date.now() + ahead : serverMs + (Date.now() - seenAt) * pace;
  const left = (Date.parse(board.opens_at) - now) / 1000;
  big(stopwatch(Math.ceil(left)));
  if (left <= 0) put("hero-sub", word("opening_reached"));
}

function showMilestones() {
  const { milestones, next_milestone: goal, totals } = board;
  $("next").hidden = goal === null;
  if (goal !== null) {
    const from = milestones.length ? milestones[milestones.length - 1].firm : 0;
    put("next-count", count(goal));
    put("next-togo", word("to_go", { n: count(Math.max(0, goal - totals.firm)) }));
    width($("next-bar"), (totals.firm - from) / (goal - from));
  }
  const fresh = knownMilestones === null ? 0 : milestones.length - knownMilestones;
  if (milestones.length !== knownMilestones) {
    $("reached").replaceChildren(...milestones.slice(-SHOWN_MILESTONES).reverse().map((m, i) => reached(m, i < fresh)));
    if (fresh > 0) say(milestoneWords(milestones[milestones.length - 1]));
    knownMilestones = milestones.length;
  }
  const more = milestones.length - SHOWN_MILESTONES;
  put("milestones-note", milestones.length ? (goal === null ? word("every_milestone") : "") + (more > 0 ? word("earlier", { n: more }) : "")
    : word(goal === null ? "no_milestones" : "no_milestone_yet"));
}
const milestoneWords = (m) => word("milestone", { n: count(m.firm), span: span(m.after_s) });
function reached(m, fresh) {
  const row = make("li", fresh ? "fresh" : ""), time = make("time", "", clock(Math.ceil(Date.parse(m.at) / 1000) * 1000));
  time.dateTime = m.at;
  row.append(make("b", "", count(m.firm)), ` ${word("after", { span: span(m.after_s) })} `, time);
  return row;
}

// ---- the curve
function svg(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
// The server gives what stood firm at the end of a second, so it is drawn there; with the milestones
// (known to the millisecond) put back in, up to now.
function curvePoints() {
  const all = board.curve.filter(([s]) => s >= 0).map(([s, n]) => [Math.min(s + 1, elapsed()), n]);
  for (const m of board.milestones) {
    const at = all.findIndex(([s]) => s > m.after_s), i = at < 0 ? all.length : at;
    const before = i ? all[i - 1][1] : 0, after = i < all.length ? all[i][1] : board.totals.firm;
    if (m.after_s >= 0 && before <= m.firm && m.firm <= after) all.splice(i, 0, [m.after_s, m.firm]);
  }
  if (board.curve.length) all.push([Math.max(elapsed(), all.length ? all[all.length - 1][0] : 0), board.totals.firm]);
  return all;
}
function niceStep(most, ticks) {
  const rough = Math.max(1, most / ticks), power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].find((n) => n * power >= rough * 0.999) * power;
}
function axes(w, h, em) {
  const most = Math.max(4, ...points.map((p) => p[1])), seconds = Math.max(30, elapsed());
  const goal = board.next_milestone !== null && board.next_milestone <= most * 1.3 ? board.next_milestone : null;
  const yStep = niceStep(Math.max(most, goal || 0), Math.max(2, Math.min(6, Math.floor(h / (em * 3.6)))));
  const yMax = Math.ceil((Math.max(most, goal || 0) * 2.06) / yStep) * (yStep / 2);
  const left = count(yMax).length * em * 0.58 + em * 0.8, top = em * 1.3, right = w - em * 0.9, bottom = h - em * 1.9;
  const fits = Math.max(2, Math.floor((right - left) / (em * 5.5)));
  const xStep = TIME_STEPS.find((s) => seconds / s <= fits) || Math.ceil(seconds / fits / 604800) * 604800;
  const xMax = Math.ceil((seconds * 4) / xStep) * (xStep / 4); // a quarter of a step at a time: the axis stands still between
  return { em, goal, yStep, yMax, xStep, xMax, left, top, right, bottom, x: (s) => left + (s / xMax) * (right - left), y: (n) => bottom - (n / yMax) * (bottom - top) };
}
function showCurve() {
  const plot = $("plot"), w = plot.clientWidth, h = plot.clientHeight, em = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.8;
  points = curvePoints();
  $("curve-empty").hidden = points.length > 0;
  put("curve-empty", word(elapsed() < 0 ? "curve_before" : "curve_empty"));
  if (!w || !h) return;
  scale = axes(w, h, em);
  const drawing = svg("svg", { viewBox: `0 0 ${w} ${h}`, role: "img", "aria-label": curveWords() });
  drawing.append(...gridLines());
  if (points.length) drawing.append(...stepLine(), ...marks());
  drawing.append(svg("line", { class: "hair", id: "hair", y1: scale.top, y2: scale.bottom, visibility: "hidden" }));
  plot.querySelector("svg")?.remove();
  plot.append(drawing);
  if (pointed !== null) point();
}
const curveWords = () => points.length
  ? word("curve_words", { n: count(board.totals.firm), span: span(elapsed()), milestones: board.milestones.map(milestoneWords).join("; ") })
  : word("curve_none");
function gridLines() {
  const { em, left, right, top, bottom, x, y } = scale, nodes = [];
  if (!points.length) return [svg("line", { class: "grid", x1: 0, x2: right, y1: bottom, y2: bottom })];
  for (let n = 0; n <= scale.yMax; n += scale.yStep) {
    nodes.push(svg("line", { class: "grid", x1: left, x2: right, y1: y(n), y2: y(n) }));
    nodes.push(svg("text", { x: left - em * 0.6, y: y(n) + em * 0.35, "text-anchor": "end" }, count(n)));
  }
  for (let s = 0; s <= scale.xMax; s += scale.xStep) {
    nodes.push(svg("line", { class: "grid", x1: x(s), x2: x(s), y1: bottom, y2: bottom + em * 0.4 }));
    nodes.push(svg("text", { x: x(s), y: bottom + em * 1.55, "text-anchor": x(s) > right - em * 2 ? "end" : s ? "middle" : "start" }, span(s)));
  }
  if (scale.goal !== null) {
    nodes.push(svg("line", { class: "goal", x1: left, x2: right, y1: y(scale.goal), y2: y(scale.goal) }));
    nodes.push(svg("text", { x: right, y: y(scale.goal) - em * 0.4, "text-anchor": "end" }, word("next_goal", { n: count(scale.goal) })));
  }
  return nodes;
}
function stepLine() {
  const { x, y, bottom } = scale;
  const path = `M${x(0)} ${bottom}` + points.map(([s, n]) => `H${x(s).toFixed(1)}V${y(n).toFixed(1)}`).join("");
  const [s, n] = points[points.length - 1];
  return [svg("path", { class: "area", d: `${path}V${bottom}Z` }), svg("path", { class: "step", d: path }), svg("circle", { class: "now", cx: x(s), cy: y(n), r: scale.em * 0.4 })];
}
// How wide a text is, in em: a Han character takes one, a Latin one about half of that.
const wide = (text) => [...text].reduce((sum, one) => sum + (one > "\u2e7f" ? 1 : 0.56), 0);
// A rising curve leaves free what is above and left of a point, and what is below and right of it.
function marks() {
  const { em, left, right, x, y } = scale, nodes = [], taken = scale.goal === null ? [] : [y(scale.goal) - em * 0.4];
  for (const m of [...board.milestones].reverse()) {
    if (m.after_s < 0 || m.after_s > scale.xMax) continue;
    const cx = x(m.after_s), cy = y(m.firm), room = (text, space) => wide(text) * em + em * 0.6 < space;
    nodes.push(svg("circle", { class: "mark", cx, cy, r: em * 0.32 }));
    let text = word("milestone_short", { n: count(m.firm), span: span(m.after_s) });
    if (!room(text, Math.max(cx - left, right - cx))) text = count(m.firm);
    const toLeft = room(text, cx - left), ty = cy + (toLeft ? -em * 0.45 : em * 1.25);
    if (ty > scale.bottom - em * 0.3 || taken.some((t) => Math.abs(t - ty) < em * 1.35)) continue;
    taken.push(ty);
    nodes.push(svg("text", { class: "said", x: cx + (toLeft ? -em * 0.6 : em * 0.6), y: ty, "text-anchor": toLeft ? "end" : "start" }, text));
  }
  return nodes;
}
// A finger or a mouse on the curve reads it.
let pointed = null;
function point() {
  const { x, left, right, xMax } = scale, seconds = Math.min(elapsed(), Math.max(0, (pointed - left) / (right - left)) * xMax);
  const under = points.filter(([s]) => s <= seconds).pop();
  const hair = $("hair");
  hair.setAttribute("x1", x(seconds)); hair.setAttribute("x2", x(seconds)); hair.setAttribute("visibility", points.length ? "visible" : "hidden");
  put("readout", points.length ? word("firm_at", { n: count(under ? under[1] : 0), span: span(Math.floor(seconds)) }) : "");
}
function unpoint() {
  pointed = null;
  put("readout", "");
  $("hair")?.setAttribute("visibility", "hidden");
}

// ---- by trim
let trimKey = "", trimRows = [], groupRows = [];
function buildTrims() {
  const models = new Map();
  for (const t of board.trims) models.set(t.model, [...(models.get(t.model) || []), t]);
  const nodes = [];
  trimRows = []; groupRows = [];
  for (const [model, trims] of models) {
    if (models.size > 1) nodes.push(groupRow(model, named(trims[0].model_name)));
    for (const t of trims) nodes.push(trimRow(t));
  }
  const dense = nodes.length > 8;
  let rows = dense ? Math.ceil(nodes.length / 2) : Math.max(4, nodes.length);
  if (nodes[rows - 1]?.className === "group") rows += 1; // no heading at the foot of a column
  $("trims").replaceChildren(...nodes);
  $("trims").classList.toggle("dense", dense);
  $("trims").style.setProperty("--rows", rows);
  put("trims-title", word(models.size > 1 ? "by_model_and_trim" : "by_trim"));
}
function groupRow(model, name) {
  const row = make("p", "group"), total = make("span");
  row.append(make("span", "", name), total);
  groupRows.push({ model, total });
  return row;
}
function trimRow(t) {
  const row = make("div", "trim"), line = make("p"), figures = make("span"), bar = make("div", "bar");
  const parts = { firm: make("b"), share: make("small", "share"), cap: make("small"), firmBar: make("i", "is-firm"), reservedBar: make("i", "is-reserved"), capMark: make("i", "cap") };
  figures.append(parts.firm, parts.share);
  line.append(make("em", "", named(t.trim_name)), parts.cap, figures);
  bar.append(parts.firmBar, parts.reservedBar, parts.capMark);
  bar.setAttribute("aria-hidden", "true");
  row.append(line, bar);
  trimRows.push(parts);
  return row;
}
function showTrims() {
  const { trims, totals } = board, key = JSON.stringify(trims.map((t) => [t.model, t.model_name, t.trim, t.trim_name]));
  if (key !== trimKey) { trimKey = key; buildTrims(); }
  const ordered = [...new Set(trims.map((t) => t.model))].flatMap((model) => trims.filter((t) => t.model === model));
  const sum = trims.reduce((n, t) => n + t.firm, 0), longest = Math.max(1, ...trims.map((t) => t.firm + t.reserved));
  const full = Math.max(longest, ...trims.map((t) => (t.cap && t.cap <= longest * 1.6 ? t.cap : 0)));
  ordered.forEach((t, i) => {
    const row = trimRows[i];
    put(row.firm, count(t.firm));
    put(row.share, sum ? word("percent", { n: plain.format((t.firm / sum) * 100) }) : "–");
    put(row.cap, t.cap === null ? "" : word(t.firm + t.reserved >= t.cap ? "cap_reached" : "cap", { n: count(t.cap) }));
    width(row.firmBar, t.firm / full);
    width(row.reservedBar, t.reserved / full);
    row.capMark.hidden = t.cap === null || t.cap > full;
    row.capMark.style.left = `${((t.cap || 0) / full) * 100}%`;
  });
  for (const g of groupRows) put(g.total, count(trims.reduce((n, t) => n + (t.model === g.model ? t.firm : 0), 0)));
  put("trims-note", !trims.length ? word("no_trims") : sum === totals.firm ? "" : word(sum < totals.firm ? "trims_gone" : "trims_beside"));
}

function showStates() {
  const { totals } = board, all = STATES.reduce((n, state) => n + totals[state], 0);
  for (const state of [...STATES, ...OF_FIRM]) put(`count-${state}`, count(totals[state]));
  const parts = { ...totals, standing: totals.firm - totals.locked };
  for (const part of ["standing", "locked", ...STATES.slice(1)]) width($(`part-${part}`), all ? parts[part] / all : 0);
  put("states-title", all ? word("all_orders", { n: count(all) }) : word("no_orders"));
}

// ---- the connection, which is never silently stale
let link = "wait", how = "", stream = null, streamAt = 0, heardAt = 0, polling = false, polledAt = 0, started = Date.now();
function say(text) { $("say").textContent = text; }
function seen(next, by) { how = by; show(next); showLink(); }

// What the figures can't say: that nothing is added to them for a while, or any more.
function standing() {
  if (board.status === "closed") return word("no_orders_taken");
  if (board.status === "draining") return word("restarting");
  return board.closes_at && Date.parse(board.now) >= Date.parse(board.closes_at) ? word("sales_closed") : "";
}
function liveText() {
  const live = word(how === "poll" ? "live_polling" : "live"), but = standing();
  return but ? word("live_but", { live, standing: but }) : live;
}

function showLink() {
  const now = Date.now(), age = now - (seenAt || started);
  const state = age > STALE_MS ? "lost" : seenAt ? "live" : "wait";
  put("link-text", state === "wait" ? word("connecting") : state === "live" ? liveText()
    : seenAt ? word("reconnecting", { ago: word("last_seen", { span: span(Math.floor(age / 1000)) }).replaceAll(" ", "\u00a0") }) : word("unreachable"));
  if (state === link) return;
  if (state === "lost") say(word("lost"));
  else if (link === "lost") say(word("live_again"));
  link = state;
  $("link").dataset.link = document.body.dataset.link = state;
}
function listen() {
  stream?.close();
  streamAt = Date.now();
  stream = new EventSource("/v1/board/events");
  told = null;
  stream.addEventListener("board", (event) => { delete paces.stream; hear(JSON.parse(event.data)); });
  stream.addEventListener("change", (event) => { if (told) hear(changed(told, JSON.parse(event.data))); });
}
function hear(next) {
  told = next;
  streamAt = heardAt = Date.now();
  measurePace("stream", next);
  if (Date.parse(next.now) >= serverMs || heardAt - seenAt > 1500) seen(next, "stream"); // else what a poll brought is newer
}
// A sandbox's clock may run faster, or stand still: what it did between two answers of the same kind.
const paces = {};
function measurePace(kind, next) {
  const at = Date.now(), now = Date.parse(next.now), last = paces[kind];
  if (last && at - last.at < 300) return;
  paces[kind] = { at, now };
  if (next.sandbox && last) pace = Math.max(0, (now - last.now) / (at - last.at));
  if (!next.sandbox || Math.abs(pace - 1) < 0.2) pace = 1;
}
// What a stream told last, with what is new of it (web/board_events.py): a value takes the place of the one before.
let told = null;
function changed(before, news) {
  const at = new Map(before.curve);
  for (const [second, firm] of news.curve || []) at.set(second, firm);
  return {
    ...before, ...news,
    totals: { ...before.totals, ...news.totals },
    trims: news.trims ? before.trims.map((row, i) => ({ ...row, ...news.trims[i] })) : before.trims,
    curve: news.curve ? [...at].sort((a, b) => a[0] - b[0]) : before.curve,
  };
}
async function poll() {
  if (polling) return;
  polling = true;
  const asked = polledAt = Date.now();
  const giveUp = new AbortController(), timer = setTimeout(() => giveUp.abort(), STALE_MS);
  try {
    const answer = await fetch("/v1/board", { cache: "no-store", signal: giveUp.signal });
    const next = answer.ok ? await answer.json() : null;
    if (next) measurePace("poll", next);
    if (next && seenAt < asked) seen(next, seenAt && asked - heardAt > POLL_MS ? "poll" : "stream"); // else the stream was faster
  } catch { /* the link says so */ } finally {
    clearTimeout(timer);
    polling = false;
  }
}
function tick() {
  const now = Date.now();
  if (now - Math.max(seenAt, polledAt) >= POLL_MS - 50) poll();
  if (now - streamAt > (stream.readyState === EventSource.CLOSED ? STALE_MS : SILENT_MS)) listen();
  showLink();
  countDown();
}

if (new URLSearchParams(location.search).get("theme") === "dark") document.documentElement.dataset.theme = "dark";
const plot = $("plot");
plot.addEventListener("pointermove", (event) => {
  if (!scale) return;
  pointed = event.clientX - plot.getBoundingClientRect().left;
  point();
});
plot.addEventListener("pointerleave", unpoint);
new ResizeObserver(() => { if (board) showCurve(); }).observe(plot);
for (const wake of ["online", "pageshow", "visibilitychange"]) window.addEventListener(wake, () => { if (!document.hidden) poll(); });
poll();
listen();
setInterval(tick, 500);
