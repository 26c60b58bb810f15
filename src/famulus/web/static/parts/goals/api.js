import { call, enc, newId, page, V1 } from "../../app/api.js";

const at = (id = "", rest = "") => `${V1}/goals${id && `/${enc(id)}`}${rest}`;
const once = () => ({ "Idempotency-Key": newId() });

export const goals = {
  list: async () => (await call("GET", at("", page(100)))).data,
  find: (id) => call("GET", at(id)),
  create: (draft) => call("POST", at(), draft, once()),
  change: (id, fields) => call("PATCH", at(id), fields),
  remove: (id) => call("DELETE", at(id)),
  roadmap: (id) => call("GET", at(id, "/roadmap")),
  draw: (id, request) => call("POST", at(id, "/roadmap/runs"), request, once()),
  addStep: (id, step) => call("POST", at(id, "/steps"), step, once()),
  changeStep: (id, stepId, fields) => call("PATCH", at(id, `/steps/${enc(stepId)}`), fields),
  removeStep: (id, stepId) => call("DELETE", at(id, `/steps/${enc(stepId)}`)),
  checkIns: async (id) => (await call("GET", at(id, "/check-ins"))).data,
  checkIn: (id, draft) => call("POST", at(id, "/check-ins"), draft, once()),
  todos: async () => (await call("GET", `${V1}/todos${page(20)}`)).data,
};
