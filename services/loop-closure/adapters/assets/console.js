// Makes the page live: counts deadlines down every second, and takes over what changed on the server.
// Without it every page still works; it shows the state of when it was loaded.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How often the server is asked whether an alert has changed. A new one must be on the page within a second. */
const ASK_MS = 400;
/** The page is read again after this time in any case: stories also grow without an alert. */
const REFRESH_MS = 15 * SECOND;
/** A deadline this close is shown as pressing. */
const SOON_MS = 15 * MINUTE;

/** What the server's clock is ahead of ours, ms. The demo's clock runs far from ours. */
let skew = 0;

const two = (value, large, largeName, small, smallName) => {
  const rest = Math.floor((value % large) / small);
  const words = `${Math.floor(value / large)} ${largeName}`;
  return rest === 0 ? words : `${words} ${rest} ${smallName}`;
};

const duration = (ms) => {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return two(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'min');
  return two(ms, DAY, 'd', HOUR, 'h');
};

const tick = () => {
  const now = Date.now() + skew;
  for (const element of document.querySelectorAll('.countdown[data-due]')) {
    const left = Number(element.dataset.due) - now;
    element.textContent = left > 0 ? `in ${duration(left)}` : `${duration(-left)} late`;
    element.classList.toggle('late', left <= 0);
    element.classList.toggle('soon', left > 0 && left <= SOON_MS);
  }
};

const readSkew = (page) => {
  const now = Number(page.body.dataset.now);
  if (Number.isFinite(now)) skew = now - Date.now();
};

/** Takes the server's version of every live part, except where somebody is just typing or reading a form. */
const takeOver = (page) => {
  for (const part of document.querySelectorAll('[data-live]')) {
    const fresh = page.getElementById(part.id);
    const busy = part.contains(document.activeElement) || part.querySelector('details[open]');
    if (fresh !== null && !busy && fresh.dataset.live !== part.dataset.live) part.replaceWith(fresh);
  }
  document.title = page.title;
};

const read = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.text();
};

const refresh = async () => {
  // An order that was refused is answered with the page itself, at an address that cannot be read.
  const text = await read(document.body.dataset.path + location.search);
  const page = new DOMParser().parseFromString(text, 'text/html');
  readSkew(page);
  takeOver(page);
  tick();
};

let seen = '';
let readAt = Date.now();

/** Reads the page again when something has changed since, and now and then. */
const ask = async () => {
  if (document.hidden) return;
  const connection = document.getElementById('connection');
  try {
    const version = await read('/console/version');
    if (version !== seen || Date.now() - readAt > REFRESH_MS) {
      await refresh();
      seen = version;
      readAt = Date.now();
    }
    connection.textContent = '';
  } catch {
    connection.textContent = 'No connection: this page shows an earlier state.';
  }
};

readSkew(document);
tick();
setInterval(tick, SECOND);
if (document.querySelector('[data-live]') !== null) {
  const loop = async () => {
    await ask();
    setTimeout(loop, ASK_MS);
  };
  void loop();
}
