// Talks to the terminal on this machine: the live stream, and POSTs that prove where they come from.

const meta = (name) => document.querySelector(`meta[name="${name}"]`).content;

export const settings = {
  personalSeconds: Number(meta("personal-seconds")),
  wordSeconds: Number(meta("word-seconds")),
};

const LOST_AFTER_MS = 2000;
const RETRY_MS = 3000;

// `hear` maps event names to functions; `lost` is told true and false.
export function listen(hear, lost) {
  let timer = null;
  const source = new EventSource("/events");
  source.addEventListener("open", () => {
    clearTimeout(timer);
    timer = null;
    lost(false);
  });
  source.addEventListener("error", () => {
    timer ??= setTimeout(() => lost(true), LOST_AFTER_MS);
    if (source.readyState === EventSource.CLOSED) {
      // The browser gives up after an error status (503: too many pages), so the page asks again itself.
      setTimeout(() => {
        clearTimeout(timer);
        lost(true);
        listen(hear, lost);
      }, RETRY_MS);
    }
  });
  for (const [name, heard] of Object.entries(hear)) {
    source.addEventListener(name, (event) => heard(JSON.parse(event.data)));
  }
}

export async function ask(path) {
  return answer(await fetch(path, { headers: { Accept: "application/json" }, credentials: "omit", cache: "no-store" }));
}

export const post = async (path, body, language) => answer(await send(path, body, language));

// As `post`, for an answer that is a file.
export async function postForFile(path, body, language) {
  const response = await send(path, body, language);
  return response.ok ? { ok: true, file: await response.blob() } : answer(response);
}

const send = (path, body, language) =>
  fetch(`${path}?lang=${language}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": meta("csrf-token") },
    body: JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  });

async function answer(response) {
  const content = await response.json();
  return { ok: response.ok, content };
}
