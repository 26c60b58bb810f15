// What those may ask who run the server.
import { call, enc, page, V1 } from "../../app/api.js";

const AT = `${V1}/admin`;

export const people = {
  list: (search, after) => call("GET", `${AT}/users${page(30, after)}${search ? `&search=${enc(search)}` : ""}`),
  change: (id, fields) => call("PATCH", `${AT}/users/${enc(id)}`, fields),
  signOut: (id) => call("DELETE", `${AT}/users/${enc(id)}/sessions`),
  resetLink: (id) => call("POST", `${AT}/users/${enc(id)}/reset-link`),
  erase: (id, proof) => call("DELETE", `${AT}/users/${enc(id)}`, { confirm: "erase", ...proof }),
  find: (id) => call("GET", `${V1}/users/${enc(id)}`),
  setPlan: (id, plan) => call("PUT", `${AT}/users/${enc(id)}/plan`, { plan }),
};

export const spenders = (after) => call("GET", `${AT}/usage${page(30, after)}`);
export const figures = (bucket) => call("GET", `${AT}/analytics?bucket=${bucket}`);
export const health = () => call("GET", `${AT}/health`);

export const jobs = {
  kinds: () => call("GET", `${AT}/jobs`),
  dead: (after) => call("GET", `${AT}/jobs/dead${page(30, after)}`),
  retry: (id) => call("POST", `${AT}/jobs/${enc(id)}/retry`),
  discard: (id) => call("DELETE", `${AT}/jobs/${enc(id)}`),
};
