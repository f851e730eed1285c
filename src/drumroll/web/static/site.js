// What scripts add to the pages; without them every page works all the same. All text goes through textContent.
const root = document.documentElement;
root.classList.add("scripted");
const $ = (id) => document.getElementById(id);
const put = (node, text) => { if (node && node.textContent !== text) node.textContent = text; };

// ---- a form is sent once: the second click of a double click finds its button at rest
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
}
// A page that comes back from the back button's cache is a fresh one: its forms may be sent, and what it shows is looked up.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// ---- who was away (another tab, a laptop that slept, no network) is told anew: clocks of scripts may have stood still
function woken(then) {
  const drift = () => Date.now() - performance.now();
  let known = drift();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) then(); });
  window.addEventListener("online", then);
  setInterval(() => { if (Math.abs(drift() - known) > 2000) { known = drift(); then(); } }, 1000);
}

// ---- the countdown to the opening, by the server's clock
async function ask() {
  const began = performance.now(), answer = await fetch("/v1/sale", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const said = await answer.json();
  return { ...said, now_ms: Date.parse(said.now), heard: (began + performance.now()) / 2 };
}
let round = 0;
const next = (mine, then, ms) => void setTimeout(() => { if (mine === round) then(mine); }, ms);
function countdown(mine, said, opens) {
  const now = said.now_ms + (performance.now() - said.heard) * said.clock_rate;
  const left = Math.max(0, Math.ceil((opens - now) / 1000));
  put($("days"), String(Math.floor(left / 86400)));
  put($("hours"), String(Math.floor(left / 3600) % 24).padStart(2, "0"));
  put($("minutes"), String(Math.floor(left / 60) % 60).padStart(2, "0"));
  put($("seconds"), String(left % 60).padStart(2, "0"));
  if (left) return next(mine, () => countdown(mine, said, opens), 200);
  // Not all at the same instant: a moment each, drawn by each browser.
  next(mine, () => renewed(mine, "open"), 300 + Math.random() * 2500);
}
async function watch() {
  const mine = ++round, shown = $("sale").dataset.state;
  let said;
  try { said = await ask(); } catch { return next(mine, watch, 4000 + Math.random() * 4000); }
  if (mine !== round) return;
  if (shown === "before" && said.state === "before") countdown(mine, said, Number($("sale").dataset.opens));
  else if (said.state !== shown) next(mine, () => renewed(mine, said.state), Math.random() * 2000);
  else if (shown === "paused") next(mine, watch, 10000 + Math.random() * 10000);
}
// The page as it is now, put in place of this one: a server that can't answer for a moment leaves what there was.
async function renewed(mine, wanted) {
  try {
    const answer = await fetch(location.href, { cache: "no-cache", headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== round) return;
    if (answer.ok && page.getElementById("sale")) $("main").replaceChildren(...page.getElementById("main").childNodes);
  } catch { /* a connection that broke: once more */ }
  const state = $("sale").dataset.state;
  if (state !== wanted || state === "before" || state === "paused") next(mine, watch, 1000 + Math.random() * 2000);
}
if ($("sale")) { watch(); woken(watch); }

// ---- the configurator before the opening: its button comes with the sale, and nobody asks the server anew for it
let opener;
async function openInTime() {
  clearTimeout(opener);
  if (!$("opened")) return;
  try {
    const said = await ask(), left = (Number($("opening").dataset.opens) - said.now_ms) / said.clock_rate;
    clearTimeout(opener);
    if (left < 2 ** 31 - 1000) opener = setTimeout(() => { if ($("opened")) $("opening")?.replaceWith($("opened").content); }, Math.max(0, left) + 300);
  } catch { opener = setTimeout(openInTime, 4000 + Math.random() * 4000); }
}
if ($("opening")) { openInTime(); woken(openInTime); }

// ---- a strip of links that is wider than the screen begins where one is
for (const here of document.querySelectorAll(".sections [aria-current], .tabs [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });

// ---- the configurator: what it costs and when it comes, as one chooses
const configurator = $("configurator");
if (configurator) {
  let asked = 0, leaving = false;
  configurator.addEventListener("change", async () => {
    const mine = ++asked, query = new URLSearchParams(new FormData(configurator));
    const address = `${configurator.getAttribute("action")}?${query}`;
    $("quote").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const anew = page.getElementById("configurator");
      if (mine !== asked || leaving) return;
      if (!anew) return configurator.submit();
      const focused = document.activeElement, name = focused?.name, value = focused?.value;
      configurator.replaceChildren(...anew.childNodes);
      history.replaceState(null, "", address);
      [...configurator.elements].find((one) => one.name === name && (one.value === value || one.tagName === "SELECT"))?.focus();
    } catch { if (mine === asked) configurator.submit(); }
  });
  window.addEventListener("pagehide", () => { leaving = true; });
}

// ---- what changes by itself is looked up again: data-again is how often, in seconds
const again = document.querySelector("[data-again]");
if (again) {
  const every = () => Math.max(1, Number(again.dataset.again)) * 1000;
  const renew = async () => {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const anew = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(again.id);
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
      if (anew?.dataset.again) again.dataset.again = anew.dataset.again;
      if (anew && anew.innerHTML !== again.innerHTML && !again.contains(document.activeElement)) again.replaceChildren(...anew.childNodes);
    } catch { /* a connection that broke: the next time */ }
    setTimeout(renew, every() * (0.8 + Math.random() * 0.4));
  };
  setTimeout(renew, every());
}
