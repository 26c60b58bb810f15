// Where the page is: `#/` a new conversation, `#/c/ID` one that exists, `#/join?token=…` an invitation,
// `#/reset?token=…` a way to a new password, `#/address?token=…` one to a new e-mail address,
// `#/forgotten` where to ask for one, and `#/NAME/…` any other page.
import { signal } from "./lib.js";

/** Pages for people who are not in yet. */
export const AT_THE_DOOR = ["join", "reset", "forgotten", "address"];

export const route = signal(read());

function read() {
  const [path, query = ""] = location.hash.slice(1).split("?");
  const params = new URLSearchParams(query);
  if (AT_THE_DOOR.includes(path.slice(1))) return { name: path.slice(1), token: params.get("token") ?? "" };
  const found = path.match(/^\/c\/([\w-]+)$/);
  if (found) return { name: "conversation", id: found[1], at: params.get("at") };
  const [, page, ...rest] = path.split("/");
  return page ? { name: "page", page, rest: rest.map(decoded), params } : { name: "new" };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const linkTo = (id) => (id ? `#/c/${id}` : "#/");

export function goTo(id, options) {
  visit(linkTo(id), options);
}

/** Goes to an address of the page's own, such as `#/memory`. */
export function visit(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
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
