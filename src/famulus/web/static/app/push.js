// Notifications in this browser while no page is open. It is a way of its person's like any other, and ends with their
// stay here: whoever signs out is told nothing more in this browser.
import { call, enc, newId, Refused, V1 } from "./api.js";
import { ROOT } from "./connection.js";
import { PUSH_CHANNEL } from "./keep.js";

const AT = `${V1}/notifications`;

export const canPush = () => isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

/** The person's way to this browser, if it is one. */
export async function channelHere() {
  const id = localStorage.getItem(PUSH_CHANNEL);
  if (!id) return null;
  const { data } = await call("GET", `${AT}/channels`);
  return data.find((channel) => channel.id === id) ?? null;
}

/** Asks the person, the browser's maker and the server, in this order; the way that is made. */
export async function startPushing() {
  const { public_key: key } = await call("GET", `${AT}/push-key`);
  if ((await Notification.requestPermission()) !== "granted") throw new Error("This browser does not let the page show notifications.");
  const channel = await channelOf(await subscribed(key)).catch(async (error) => {
    if (!(error instanceof Refused) || error.status !== 409) throw error;
    // One that is known to the server, but not to this page any more.
    await unsubscribed();
    return channelOf(await subscribed(key));
  });
  localStorage.setItem(PUSH_CHANNEL, channel.id);
  return channel;
}

export async function stopPushing() {
  const id = localStorage.getItem(PUSH_CHANNEL);
  localStorage.removeItem(PUSH_CHANNEL);
  await unsubscribed();
  if (id) await call("DELETE", `${AT}/channels/${enc(id)}`).catch((error) => error.status === 404 || Promise.reject(error));
}

const channelOf = (subscription) =>
  call("POST", `${AT}/channels`, { kind: "push", name: named(), subscription: subscription.toJSON() }, { "Idempotency-Key": newId() });

async function subscribed(key) {
  const registration = await navigator.serviceWorker.register(new URL("static/worker.js", ROOT));
  await started(registration);
  try {
    return await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch (error) {
    if (error.name !== "InvalidStateError") throw new Error("The browser's push service cannot be reached.", { cause: error });
    // The server has another key than it had when this browser subscribed.
    await unsubscribed();
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
}

async function unsubscribed() {
  const registration = await navigator.serviceWorker.getRegistration(new URL("static/", ROOT));
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
}

const started = (registration) =>
  new Promise((resolve) => {
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    if (worker.state === "activated") return void resolve();
    worker.addEventListener("statechange", () => worker.state === "activated" && resolve());
  });

/** What the person may know this browser by, among others. */
function named() {
  const { brands = [], platform } = navigator.userAgentData ?? {};
  const brand = brands.map(({ brand: name }) => name).find((name) => !/not|chromium/i.test(name));
  return [brand ?? (/firefox/i.test(navigator.userAgent) ? "Firefox" : "Browser"), platform].filter(Boolean).join(" on ");
}
