// Where the page is: `#/` a new conversation, `#/c/ID` one that exists, `#/join?token=…` an invitation.
import { signal } from "./lib.js";

export const route = signal(read());

function read() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  if (path === "/join") return { name: "join", token: new URLSearchParams(query).get("token") ?? "" };
  const found = path.match(/^\/c\/([\w-]+)$/);
  return found ? { name: "conversation", id: found[1] } : { name: "new" };
}

export const linkTo = (id) => (id ? `#/c/${id}` : "#/");

export function goTo(id, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", linkTo(id));
  route.value = read();
}

/** A sign-in token from the address; it is gone from there, and from the history, before it is used. */
export function takeLinkToken() {
  const token = new URLSearchParams(location.search).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.hash);
  return token;
}

addEventListener("hashchange", () => (route.value = read()));
addEventListener("popstate", () => (route.value = read()));
