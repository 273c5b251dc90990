
// A page that follows its lab: how far studies are, and their figures when something has changed.
(() => {
  const { page, events, charts: source } = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;
  const EPOCH = "epoch-";
  const AGAIN = 3_000; // milliseconds until something that was refused is asked for again
  const LONGEST = 60_000;

  function say(trouble) {
    const notice = byId("trouble");
    if (!notice) return;
    notice.textContent = trouble;
    notice.hidden = !trouble;
  }

  // Calls `tell` with each message, and whether it is a stream's first, which says all there is.
  function follow(tell) {
    let stream;
    let later;
    function stop() {
      clearTimeout(later);
      stream?.close();
    }
    function start() {
      stop();
      // A browser opens six connections to a server, so a tab that nobody looks at leaves its own.
      if (document.hidden) return;
      let first;
      stream = new EventSource(events);
      stream.addEventListener("message", ({ data }) => {
        tell(JSON.parse(data), first);
        first = false;
      });
      stream.addEventListener("open", () => {
        first = true;
        byId("connection").textContent = "";
      });
      stream.addEventListener("error", ({ target }) => {
        byId("connection").textContent = "The page is not answered any more; what it shows is from before. Is paribus ui still running?";
        // A browser connects again by itself, but not after an answer that is no stream.
        if (target.readyState === EventSource.CLOSED) later = setTimeout(start, AGAIN);
      });
    }
    document.addEventListener("visibilitychange", start);
    addEventListener("pagehide", stop);
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    start();
  }

  function followLab({ rows, gone, trouble }, first) {
    say(trouble);
    const listed = [...byId("studies").children].map(({ id }) => id);
    const left = first ? listed.filter((id) => !(id in rows)) : gone;
    for (const [id, html] of Object.entries(rows)) {
      const row = parsed(html).firstElementChild;
      const known = byId(id);
      // A line that somebody stands on stays, or the keyboard would lose its place.
      if (known) row.querySelector("a").replaceWith(known.querySelector("a"));
      if (known) known.replaceWith(row);
      else byId("studies").append(row);
      byId("nothing")?.remove();
    }
    if (!trouble) left.forEach((id) => byId(id)?.remove());
  }

  // ---- One study ----

  let drawn;
  let shown; // the version; none until its charts are there
  let wanted = document.body.dataset.version;
  let busy = false;
  let told = ""; // the lab's trouble
  let pause = AGAIN;
  let retry;

  const epochsOf = (query) =>
    Object.fromEntries(
      [...new URLSearchParams(query)]
        .filter(([name]) => name.startsWith(EPOCH))
        .map(([name, value]) => [name.slice(EPOCH.length), Number(value)]),
    );

  function keep() {
    const query = new URLSearchParams(location.search);
    for (const [figure, epoch] of Object.entries(drawn.epochs)) query.set(EPOCH + figure, epoch);
    history.replaceState(null, "", `?${query}${location.hash}`);
    savePictures();
  }

  // A picture that is saved shows the epoch at which the slider stands.
  function savePictures() {
    for (const link of document.querySelectorAll("a[data-picture]")) {
      const address = new URL(link.href);
      const epoch = drawn.epochs[link.dataset.picture];
      if (epoch !== undefined) address.searchParams.set("epoch", epoch);
      link.href = address;
    }
  }

  async function draw() {
    const count = await drawn.drawAll(document);
    document.documentElement.dataset.charts = String(count);
  }

  const chartKey = ({ dataset }) => `${dataset.figure} ${dataset.panel}`;

  // Charts that have not changed keep their pictures; the others stand until they are drawn anew.
  function keepCharts(next, specs) {
    const before = new Map([...document.querySelectorAll(".chart")].map((one) => [chartKey(one), one]));
    for (const chart of next.querySelectorAll(".chart")) {
      const old = before.get(chartKey(chart));
      if (!old) continue;
      const { figure } = chart.dataset;
      if (JSON.stringify(specs[figure]) !== JSON.stringify(drawn.specs[figure])) delete old.dataset.drawn;
      chart.replaceWith(old);
    }
  }

  // What of an element stays when it stands elsewhere on the page, or its text counts further.
  function ownKey(element) {
    const { id, name, value, href, dataset } = element;
    const key = id || dataset.key || (name && `${name}=${value}`) || href;
    if (key || element.matches("details, summary")) return key;
    return element.getAttribute("aria-label") ?? element.textContent;
  }

  // The same, after the names of all that it stands in.
  function keyOf(element) {
    const names = [element.localName, ownKey(element)];
    for (let one = element.parentElement; one; one = one.parentElement) {
      const { id, dataset } = one;
      names.push(id || dataset.key || dataset.figure || one.getAttribute("aria-labelledby") || "");
    }
    return names.filter(Boolean).join(" ");
  }

  // Elements of <main> by key; of equal ones the first, the second and so on.
  function keyed(root, selector) {
    const found = new Map();
    for (const element of root.querySelectorAll(`main :is(${selector})`)) {
      let key = keyOf(element);
      while (found.has(key)) key += "+";
      found.set(key, element);
    }
    return found;
  }

  function keepFolds(next) {
    const before = keyed(document, "details");
    for (const [key, fold] of keyed(next, "details")) {
      if (before.has(key)) fold.open = before.get(key).open;
    }
  }

  const fetchCharts = () => fetch(source + location.search);

  function specsOf(answer) {
    if (!answer.ok) throw new Error(`The charts were answered with ${answer.status}.`);
    return answer.json();
  }

  // The page and its charts; without either there is nothing to show.
  async function fetched() {
    const [page, charts] = await Promise.all([
      fetch(location.href, { headers: { Accept: "text/html" } }),
      fetchCharts(),
    ]);
    const next = new DOMParser().parseFromString(await page.text(), "text/html");
    if (page.ok && next.body.dataset.version) return [next, await specsOf(charts)];
    say(next.querySelector(".notice")?.textContent || told);
    throw new Error(`The page was answered with ${page.status}.`);
  }

  async function refresh() {
    const [next, specs] = await fetched();
    const focus = focused();
    const scrolled = scrollY;
    keepForm(next);
    keepFolds(next);
    keepCharts(next, specs);
    drawn.specs = specs;
    const main = next.querySelector("main");
    // How far it is was told since by the stream, which tells nothing twice.
    main.querySelector(".live").replaceWith(document.querySelector(".live"));
    document.querySelector("main").replaceWith(main);
    shown = next.body.dataset.version;
    document.body.dataset.version = shown;
    say(told);
    drawn.bind(main);
    drawn.press(main);
    savePictures();
    listen();
    focusOn(focus);
    scrollTo(scrollX, scrolled);
    await draw();
  }

  // What somebody has ticked, and not yet asked for, stays.
  function keepForm(next) {
    const before = byId("view");
    const after = next.getElementById("view");
    if (!before || !after) return;
    after.elements.metric.value = before.elements.metric.value;
    const ticked = new Map([...before.querySelectorAll("input")].map((one) => [one.name + one.value, one.checked]));
    for (const one of after.querySelectorAll("input")) {
      one.checked = ticked.get(one.name + one.value) ?? one.checked;
    }
  }

  const FOCUSABLE = "a, button, input, select, summary, [tabindex]";
  const focused = () =>
    [...keyed(document, FOCUSABLE)].find(([, one]) => one === document.activeElement)?.[0];

  function focusOn(key) {
    if (key !== undefined) keyed(document, FOCUSABLE).get(key)?.focus({ preventScroll: true });
  }

  // Calls what changes the page, unless something does; when it fails, the page catches up later.
  async function alone(change) {
    if (busy) return;
    busy = true;
    clearTimeout(retry);
    try {
      await change();
      pause = AGAIN;
    } catch {
      retry = setTimeout(catchUp, pause);
      pause = Math.min(2 * pause, LONGEST);
    } finally {
      busy = false;
    }
  }

  const catchUp = () =>
    alone(async () => {
      // A page that nobody looks at is not worth the server's time; it catches up when it is shown.
      while (wanted !== shown && !document.hidden) {
        const asked = wanted;
        await refresh();
        if (wanted === asked) wanted = shown;
      }
    });

  function followStudy({ trouble, status, version }) {
    if (trouble !== undefined) say(trouble);
    told = trouble ?? told;
    if (status !== undefined) byId("status").replaceChildren(...parsed(status).childNodes);
    if (version === undefined) return;
    wanted = version;
    catchUp();
  }

  function listen() {
    for (const slider of document.querySelectorAll(".slider input")) {
      slider.addEventListener("change", keep);
    }
    byId("view")?.addEventListener("formdata", ({ formData }) => {
      for (const [figure, epoch] of Object.entries(drawn.epochs)) formData.set(EPOCH + figure, epoch);
    });
  }

  async function showStudy() {
    // Its usual styles are markup that the page's policy forbids; ours are in the style sheets.
    drawn = new Charts({}, { defaultStyle: false, tooltip: { disableDefaultStyle: true } });
    drawn.epochs = epochsOf(location.search);
    drawn.bind(document);
    savePictures();
    listen();
    follow(followStudy);
    await alone(async () => {
      drawn.specs = await specsOf(await fetchCharts());
      await draw();
      shown = document.body.dataset.version;
    });
    catchUp();
  }

  if (page === "study") showStudy();
  else follow(followLab);
})();
