import { call, enc, newId, page, V1 } from "../../app/api.js";

const at = (id = "", rest = "") => `${V1}/reminders${id && `/${enc(id)}`}${rest}`;
const once = () => ({ "Idempotency-Key": newId() });

export const reminders = {
  page: (state, after) => call("GET", `${at()}${page(50, after)}${state ? `&state=${state}` : ""}`),
  find: (id) => call("GET", at(id)),
  create: (draft) => call("POST", at(), draft, once()),
  change: (id, fields) => call("PATCH", at(id), fields),
  remove: (id) => call("DELETE", at(id)),
  pause: (id) => call("POST", at(id, "/pause")),
  resume: (id) => call("POST", at(id, "/resume")),
  cancel: (id) => call("POST", at(id, "/cancel")),
  snooze: (id, minutes) => call("POST", at(id, "/snooze"), { minutes }),
  preview: (timed) => call("POST", at("", "/preview?count=3"), timed),
  next: (id) => call("GET", at(id, "/next?count=5")),
  occurrences: (id, after) => call("GET", `${at(id, "/occurrences")}${page(20, after)}`),
};
