// The public API, as the page uses it. Every call answers with parsed JSON or throws one of two errors.
import { missed, reached, ROOT } from "./connection.js";

/** The server answered, and the answer is no. */
export class Refused extends Error {
  constructor(status, error, retryAfter) {
    super(error.message);
    Object.assign(this, { status, code: error.code, details: error.details, retryAfter });
    this.correlationId = error.correlation_id;
  }
}

/** There was no answer. */
export class Unreachable extends Error {
  constructor(cause) {
    super("Famulus cannot be reached at the moment.", { cause });
  }
}

export const V1 = "api/v1";
const AUTH = `${V1}/auth/`;

let whenSignedOut = () => {};
export function onSignedOut(callback) {
  whenSignedOut = callback;
}

/** A random id; `crypto.randomUUID` exists on secure origins only, and a home server may not be one. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function open(path, { method = "GET", body, raw, headers, aborted } = {}) {
  let answer;
  try {
    answer = await fetch(new URL(path, ROOT), {
      method,
      headers: { Accept: "application/json", ...kindOf(body, raw), ...headers },
      body: raw ?? (body && JSON.stringify(body)),
      cache: "no-store",
      // What is shown as changed is changed, even if the page is left at once.
      keepalive: method === "PATCH" || method === "DELETE",
      credentials: "same-origin",
      signal: aborted,
    });
  } catch (error) {
    if (aborted?.aborted) throw error;
    missed();
    throw new Unreachable(error);
  }
  if (answer.ok) {
    reached();
    return answer;
  }
  // At the door, 401 says that something was wrong with the key, and nothing about a session.
  if (answer.status === 401 && !path.startsWith(AUTH)) whenSignedOut();
  throw await refusal(answer);
}

function kindOf(body, raw) {
  if (raw) return { "Content-Type": "application/octet-stream" };
  return body && { "Content-Type": "application/json" };
}

async function refusal(answer) {
  const { error } = await answer.json().catch(() => ({}));
  if (!error && answer.status >= 502 && answer.status <= 504) {
    missed();
    return new Unreachable();
  }
  const unsaid = { code: "unknown", message: `The server refused with status ${answer.status}.` };
  const retryAfter = Number(answer.headers.get("Retry-After")) || null;
  return new Refused(answer.status, error ?? unsaid, retryAfter);
}

export async function call(method, path, body, headers) {
  const answer = await open(path, { method, headers, body: body ?? (method === "GET" ? undefined : {}) });
  return answer.status === 204 ? null : answer.json();
}

export const enc = encodeURIComponent;
export const page = (limit, after) => `?limit=${limit}${after ? `&after=${enc(after)}` : ""}`;

export const auth = {
  state: () => call("GET", `${AUTH}state`),
  useLink: (link) => call("POST", `${AUTH}token`, link),
  signIn: (email, password) => call("POST", `${AUTH}sign-in`, { email, password }),
  signOut: () => call("POST", `${AUTH}sign-out`),
  join: (person) => call("POST", `${AUTH}join`, person),
  forgotPassword: (email) => call("POST", `${AUTH}password/forgotten`, { email }),
  confirmEmail: (token) => call("POST", `${AUTH}email/confirm`, { token }),
  resetPassword: (token, password) => call("POST", `${AUTH}password/reset`, { token, new: password }),
};

export const me = {
  change: (fields) => call("PATCH", `${V1}/users/me`, fields),
  setPassword: (passwords) => call("POST", `${V1}/users/me/password`, passwords),
  changeEmail: (wish) => call("POST", `${V1}/users/me/email`, wish),
  erase: (proof) => call("DELETE", `${V1}/users/me`, { confirm: "erase", ...proof }),
};

export const sessions = {
  list: () => call("GET", `${AUTH}sessions${page(100)}`),
  revoke: (id) => call("DELETE", `${AUTH}sessions/${enc(id)}`),
};

export const keys = {
  list: () => call("GET", `${V1}/api-keys${page(100)}`),
  create: (name) => call("POST", `${V1}/api-keys`, { name }),
  revoke: (id) => call("DELETE", `${V1}/api-keys/${enc(id)}`),
};

export const invitations = {
  list: () => call("GET", `${V1}/invitations${page(100)}`),
  create: (email) => call("POST", `${V1}/invitations`, email ? { email } : {}),
  revoke: (id) => call("DELETE", `${V1}/invitations/${enc(id)}`),
};

export const models = { list: () => call("GET", `${V1}/models`) };

export const conversations = {
  list: (after) => call("GET", `${V1}/conversations${page(40, after)}`),
  find: (id) => call("GET", `${V1}/conversations/${enc(id)}`),
  start: (key) => call("POST", `${V1}/conversations`, {}, { "Idempotency-Key": key }),
  change: (id, fields) => call("PATCH", `${V1}/conversations/${enc(id)}`, fields),
  remove: (id) => call("DELETE", `${V1}/conversations/${enc(id)}`),
  messages: (id, after) => call("GET", `${V1}/conversations/${enc(id)}/messages${page(60, after)}`),
  send: (id, said) => call("POST", `${V1}/conversations/${enc(id)}/runs`, { ...said, policy: "enqueue" }),
  edit: (id, messageId, said) => call("POST", `${V1}/conversations/${enc(id)}/messages/${enc(messageId)}/edit`, said),
};

export const runs = {
  find: (id) => call("GET", `runs/${enc(id)}`),
  steps: (id, after) => call("GET", `runs/${enc(id)}/steps${page(100, after)}`),
  cancel: (id) => call("POST", `runs/${enc(id)}/cancel`),
  eventsAt: (id) => `runs/${enc(id)}/events`,
};
