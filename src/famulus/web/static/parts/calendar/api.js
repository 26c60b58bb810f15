import { call, enc, newId, V1 } from "../../app/api.js";
import { instantOf, plusDays, wallClock } from "./days.js";

const at = (id, rest = "") => `${V1}/events${id ? `/${enc(id)}` : ""}${rest}`;

export const events = {
  find: (id) => call("GET", at(id)),
  add: (draft) => call("POST", at(), draft, { "Idempotency-Key": newId() }),
  change: (id, fields) => call("PATCH", at(id), fields),
  cancel: (id, { occurrence, scope }) => call("DELETE", at(id, occurrence ? `?occurrence=${enc(occurrence)}&scope=${scope}` : "")),
};

/** What happens from one day up to another, that one left out, as the page lays it out. */
export async function happenings(from, until) {
  const span = `from=${enc(instantOf(from))}&to=${enc(instantOf(until))}&limit=1000`;
  const found = await call("GET", `${V1}/occurrences?${span}`);
  return found.data.map(placed);
}

function placed(one) {
  const key = `${one.event_id} ${one.occurrence}`;
  if (one.all_day) return { ...one, key, day: one.start, lastDay: plusDays(one.end, -1), minutes: 0, until: 1_440 };
  const [start, end] = [wallClock(one.start), wallClock(one.end)];
  const lastDay = end.minutes === 0 && end.day > start.day ? plusDays(end.day, -1) : end.day;
  return { ...one, key, day: start.day, lastDay, minutes: start.minutes, until: lastDay > start.day || end.minutes === 0 ? 1_440 : end.minutes };
}
