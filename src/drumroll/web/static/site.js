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

// ---- the countdown to the opening, by the server's clock
const sale = $("sale");
async function ask() {
  const began = performance.now(), answer = await fetch("/v1/sale", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const said = await answer.json();
  return { ...said, now_ms: Date.parse(said.now), heard: (began + performance.now()) / 2 };
}
function countdown(said, opens) {
  const node = $("countdown");
  if (!node) return;
  const tick = () => {
    const now = said.now_ms + (performance.now() - said.heard) * said.clock_rate;
    const left = Math.max(0, Math.ceil((opens - now) / 1000));
    put($("days"), String(Math.floor(left / 86400)));
    put($("hours"), String(Math.floor(left / 3600) % 24).padStart(2, "0"));
    put($("minutes"), String(Math.floor(left / 60) % 60).padStart(2, "0"));
    put($("seconds"), String(left % 60).padStart(2, "0"));
    if (left) return setTimeout(tick, 200);
    // Not all at the same instant: a moment each, drawn by each browser.
    setTimeout(() => location.reload(), 300 + Math.random() * 2500);
  };
  tick();
}
async function watch() {
  let said;
  try { said = await ask(); } catch { return void setTimeout(watch, 4000 + Math.random() * 4000); }
  if (sale.dataset.state === "before" && said.state === "before") countdown(said, Number(sale.dataset.opens));
  else if (said.state !== sale.dataset.state) setTimeout(() => location.reload(), Math.random() * 2000);
  else if (said.state === "paused") setTimeout(watch, 10000 + Math.random() * 10000);
}
if (sale) watch();

// ---- the configurator before the opening: its button comes with the sale, and nobody asks the server anew for it
const opening = $("opening");
async function openInTime() {
  try {
    const said = await ask(), left = (Number(opening.dataset.opens) - said.now_ms) / said.clock_rate;
    if (left < 2 ** 31 - 1000) setTimeout(() => { if ($("opened")) $("opening")?.replaceWith($("opened").content); }, Math.max(0, left) + 300);
  } catch { setTimeout(openInTime, 4000 + Math.random() * 4000); }
}
if (opening) openInTime();

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
