/**
 * Keeps the page for when there is no network: everything of one version, taken in whole or not at all.
 *
 * A new version waits until no page of the old one is open: it never takes over in the middle of a showing.
 */

export {};
declare const self: ServiceWorkerGlobalScope;
/** Put in by build.mjs: whose files these are, the hash of all of them, and their names. */
declare const PREFIX: string;
declare const VERSION: string;
declare const FILES: readonly string[];

const CACHE = PREFIX + VERSION;

self.addEventListener("install", (event) => {
  // Past the browser's own cache: files of two versions together would be no version.
  const fresh = FILES.map((name) => new Request(name, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const wanted = new URL(request.url);
  const name = `./${wanted.pathname.slice(new URL("./", self.location.href).pathname.length)}`;
  const isOurs = request.method === "GET" && wanted.origin === self.location.origin && FILES.includes(name);
  if (isOurs) event.respondWith(kept(request, name));
});

async function kept(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) ?? fetch(request);
}
