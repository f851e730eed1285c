// The live board. Shows what /v1/board says and nothing else: no counting up between figures, since a
// number that was never on disk must never be on the screen. All text goes through textContent.
const STALE_MS = 4000; // the stream speaks about once a second
const POLL_MS = 2000;
const SILENT_MS = 12000; // a stream that is open and says nothing is opened anew
const SHOWN_MILESTONES = 5;
const STATES = ["firm", "reserved", "expired", "cancelled", "forfeited"]; // each order is in one of them
const OF_FIRM = ["locked", "converted"]; // counted among the firm as well
const TIME_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];

const $ = (id) => document.getElementById(id);
const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
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
  if (seconds > 0 && seconds < 10 && seconds % 1) return `${tenths.format(Math.ceil(seconds * 10 - 1e-6) / 10)} s`;
  const all = Math.ceil(Math.max(0, seconds) - 1e-6);
  const parts = [[Math.floor(all / 86400), "d"], [Math.floor(all / 3600) % 24, "h"], [Math.floor(all / 60) % 60, "min"], [all % 60, "s"]];
  return parts.filter(([n]) => n).map(([n, unit]) => `${n} ${unit}`).join(" ") || "0 s";
}
// "00:03:00": as wide after a second as before it.
function stopwatch(seconds) {
  const all = Math.max(0, seconds), days = Math.floor(all / 86400);
  const rest = [Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, Math.floor(all) % 60].map(two).join(":");
  return days ? `${days}d ${rest}` : rest;
}

// ---- times in the launch's zone
let zone = null, clockFormat, dayFormat;
function setZone(name) {
  if (name === zone) return;
  const formats = (timeZone) => {
    clockFormat = new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
    dayFormat = new Intl.DateTimeFormat("en-GB", { timeZone, dateStyle: "long" });
  };
  try { formats(name); } catch { formats("UTC"); }
  zone = name;
}
const zoneName = () => clockFormat.resolvedOptions().timeZone;
const clock = (ms) => clockFormat.format(ms);

// ---- what is shown
let board = null, seenAt = 0, serverMs = 0, pace = 1, knownMilestones = null, points = [], scale = null;

function show(next) {
  const at = Date.now(), now = Date.parse(next.now);
  if (next.sandbox && seenAt && at - seenAt > 300) pace = Math.max(0, (now - serverMs) / (at - seenAt)); // a sandbox's clock may run faster
  if (!next.sandbox || Math.abs(pace - 1) < 0.2) pace = 1;
  board = next; seenAt = at; serverMs = now;
  setZone(board.launch.time_zone);
  $("sandbox").hidden = !board.sandbox;
  put("name", board.launch.name);
  put("asof", `as of ${clock(serverMs)}, ${zoneName()}`);
  put("position", `Log position ${count(board.position)}.`);
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
  const title = `${before ? "Opens soon" : `${count(board.totals.firm)} firm`} · ${board.launch.name}`;
  document.title = board.sandbox ? `Sandbox: ${title}` : title;
  put("hero-label", before ? "Sales open in" : "Firm orders");
  put("hero-sub", before ? "No order is taken before that." : "Deposit paid and standing, locked or not.");
  put("rate", `${rate(board.rate_per_s)} a second`);
  put("open-for", before ? `${dayFormat.format(opens)}, ${clock(opens)}` : stopwatch(elapsed()));
  put("open-label", before ? `Opening, ${zoneName()}` : "Since opening");
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
  const left = (Date.parse(board.opens_at) - serverMs - (Date.now() - seenAt) * pace) / 1000;
  big(stopwatch(Math.ceil(left)));
  if (left <= 0) put("hero-sub", "The opening time is reached; waiting for the first figures.");
}

function showMilestones() {
  const { milestones, next_milestone: goal, totals } = board;
  $("next").hidden = goal === null;
  if (goal !== null) {
    const from = milestones.length ? milestones[milestones.length - 1].firm : 0;
    put("next-count", count(goal));
    put("next-togo", `${count(Math.max(0, goal - totals.firm))} to go`);
    width($("next-bar"), (totals.firm - from) / (goal - from));
  }
  const fresh = knownMilestones === null ? 0 : milestones.length - knownMilestones;
  if (milestones.length !== knownMilestones) {
    $("reached").replaceChildren(...milestones.slice(-SHOWN_MILESTONES).reverse().map((m, i) => reached(m, i < fresh)));
    if (fresh > 0) say(milestoneWords(milestones[milestones.length - 1]));
    knownMilestones = milestones.length;
  }
  const more = milestones.length - SHOWN_MILESTONES;
  put("milestones-note", milestones.length ? (goal === null ? "Every milestone is reached. " : "") + (more > 0 ? `${more} earlier, marked on the curve.` : "")
    : goal === null ? "None are set for this launch." : "None reached yet.");
}
const milestoneWords = (m) => `${count(m.firm)} firm orders after ${span(m.after_s)}`;
function reached(m, fresh) {
  const row = make("li", fresh ? "fresh" : ""), time = make("time", "", clock(Math.ceil(Date.parse(m.at) / 1000) * 1000));
  time.dateTime = m.at;
  row.append(make("b", "", count(m.firm)), ` after ${span(m.after_s)} `, time);
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
  put("curve-empty", elapsed() < 0 ? "The curve begins when sales open." : "No firm orders yet. The curve begins with the first deposit.");
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
  ? `Step curve of firm orders: ${count(board.totals.firm)} after ${span(elapsed())}. ${board.milestones.map(milestoneWords).join("; ")}`
  : "No curve yet";
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
    nodes.push(svg("text", { x: right, y: y(scale.goal) - em * 0.4, "text-anchor": "end" }, `next: ${count(scale.goal)}`));
  }
  return nodes;
}
function stepLine() {
  const { x, y, bottom } = scale;
  const path = `M${x(0)} ${bottom}` + points.map(([s, n]) => `H${x(s).toFixed(1)}V${y(n).toFixed(1)}`).join("");
  const [s, n] = points[points.length - 1];
  return [svg("path", { class: "area", d: `${path}V${bottom}Z` }), svg("path", { class: "step", d: path }), svg("circle", { class: "now", cx: x(s), cy: y(n), r: scale.em * 0.4 })];
}
// A rising curve leaves free what is above and left of a point, and what is below and right of it.
function marks() {
  const { em, left, right, x, y } = scale, nodes = [], taken = scale.goal === null ? [] : [y(scale.goal) - em * 0.4];
  for (const m of [...board.milestones].reverse()) {
    if (m.after_s < 0 || m.after_s > scale.xMax) continue;
    const cx = x(m.after_s), cy = y(m.firm), room = (words, space) => words.length * em * 0.56 + em * 0.6 < space;
    nodes.push(svg("circle", { class: "mark", cx, cy, r: em * 0.32 }));
    let words = `${count(m.firm)} after ${span(m.after_s)}`;
    if (!room(words, Math.max(cx - left, right - cx))) words = count(m.firm);
    const toLeft = room(words, cx - left), ty = cy + (toLeft ? -em * 0.45 : em * 1.25);
    if (ty > scale.bottom - em * 0.3 || taken.some((t) => Math.abs(t - ty) < em * 1.35)) continue;
    taken.push(ty);
    nodes.push(svg("text", { class: "said", x: cx + (toLeft ? -em * 0.6 : em * 0.6), y: ty, "text-anchor": toLeft ? "end" : "start" }, words));
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
  put("readout", points.length ? `${count(under ? under[1] : 0)} firm at ${span(Math.floor(seconds))}` : "");
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
    if (models.size > 1) nodes.push(groupRow(model, trims[0].model_name));
    for (const t of trims) nodes.push(trimRow(t));
  }
  const dense = nodes.length > 8;
  let rows = dense ? Math.ceil(nodes.length / 2) : Math.max(4, nodes.length);
  if (nodes[rows - 1]?.className === "group") rows += 1; // no heading at the foot of a column
  $("trims").replaceChildren(...nodes);
  $("trims").classList.toggle("dense", dense);
  $("trims").style.setProperty("--rows", rows);
  put("trims-title", models.size > 1 ? "By model and trim" : "By trim");
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
  line.append(make("em", "", t.trim_name), parts.cap, figures);
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
    put(row.share, sum ? `${plain.format((t.firm / sum) * 100)} %` : "–");
    put(row.cap, t.cap === null ? "" : t.firm + t.reserved >= t.cap ? `cap ${count(t.cap)} reached` : `cap ${count(t.cap)}`);
    width(row.firmBar, t.firm / full);
    width(row.reservedBar, t.reserved / full);
    row.capMark.hidden = t.cap === null || t.cap > full;
    row.capMark.style.left = `${((t.cap || 0) / full) * 100}%`;
  });
  for (const g of groupRows) put(g.total, count(trims.reduce((n, t) => n + (t.model === g.model ? t.firm : 0), 0)));
  put("trims-note", !trims.length ? "No trims are on sale." : sum === totals.firm ? "" : sum < totals.firm ? "The headline also counts trims that are no longer on sale." : "Also lists models that the headline does not count.");
}

function showStates() {
  const { totals } = board, all = STATES.reduce((n, state) => n + totals[state], 0);
  for (const state of [...STATES, ...OF_FIRM]) put(`count-${state}`, count(totals[state]));
  const parts = { ...totals, standing: totals.firm - totals.locked };
  for (const part of ["standing", "locked", ...STATES.slice(1)]) width($(`part-${part}`), all ? parts[part] / all : 0);
  put("states-title", all ? `All ${count(all)} orders, by state` : "No orders yet");
}

// ---- the connection, which is never silently stale
let link = "wait", how = "", stream = null, streamAt = 0, heardAt = 0, polling = false, polledAt = 0, started = Date.now();
function say(text) { $("say").textContent = text; }
function seen(next, by) { how = by; show(next); showLink(); }

// What the figures can't say: that nothing is added to them for a while, or any more.
function standing() {
  if (board.status === "closed") return "no orders taken now";
  if (board.status === "draining") return "server restarting";
  return board.closes_at && Date.parse(board.now) >= Date.parse(board.closes_at) ? "sales closed" : "";
}
function liveText() { return [how === "poll" ? "live, every 2 s" : "live", standing()].filter(Boolean).join(" · "); }

function showLink() {
  const now = Date.now(), age = now - (seenAt || started);
  const state = age > STALE_MS ? "lost" : seenAt ? "live" : "wait";
  put("link-text", state === "wait" ? "connecting…" : state === "live" ? liveText()
    : seenAt ? `reconnecting…, ${`last seen ${span(Math.floor(age / 1000))} ago`.replaceAll(" ", "\u00a0")}` : "can't reach the server, trying again…");
  if (state === link) return;
  if (state === "lost") say("Connection lost. The figures shown are no longer current.");
  else if (link === "lost") say("Live again.");
  link = state;
  $("link").dataset.link = document.body.dataset.link = state;
}
function listen() {
  stream?.close();
  streamAt = Date.now();
  stream = new EventSource("/v1/board/events");
  stream.addEventListener("board", (event) => {
    streamAt = heardAt = Date.now();
    seen(JSON.parse(event.data), "stream");
  });
}
async function poll() {
  if (polling) return;
  polling = true;
  const asked = polledAt = Date.now();
  const giveUp = new AbortController(), timer = setTimeout(() => giveUp.abort(), STALE_MS);
  try {
    const answer = await fetch("/v1/board", { cache: "no-store", signal: giveUp.signal });
    const next = answer.ok ? await answer.json() : null;
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
