// Asks the browser for a passkey (WebAuthn level 3) and takes its answer to the console; without one the part stays away.
"use strict";

async function post(path, body, formKey) {
  const headers = { "Content-Type": "application/json" };
  if (formKey) headers["X-Form-Key"] = formKey;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function use(part) {
  const { passkey, secret, formKey } = part.dataset;
  const asked = await post("/console/passkey/begin", secret ? { secret } : {}, formKey);
  const made = passkey === "create"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
  await post("/console/passkey/end", made.toJSON(), formKey);
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) continue;
  const button = part.querySelector("button");
  const failed = part.querySelector("[role=alert]");
  part.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    failed.hidden = true;
    try {
      await use(part);
      window.location.assign(part.dataset.to);
    } catch {
      failed.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
