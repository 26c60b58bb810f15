// Rules in words, and words of a form as rules.
const UNITS = { MINUTELY: "minute", HOURLY: "hour", DAILY: "day", WEEKLY: "week", MONTHLY: "month", YEARLY: "year" };
export const FREQUENCIES = Object.entries(UNITS);
export const WEEKDAYS = [["MO", "Mon"], ["TU", "Tue"], ["WE", "Wed"], ["TH", "Thu"], ["FR", "Fri"], ["SA", "Sat"], ["SU", "Sun"]];
const PLAIN = new Set(["FREQ", "INTERVAL", "BYDAY"]);

/** How often, as people say it; a rule that takes more words is shown as it is. */
export function spoken({ kind, rule }) {
  if (kind === "once") return "Once";
  if (kind === "cron") return `By cron: ${rule}`;
  const parts = Object.fromEntries(rule.split(";").map((part) => part.split("=")));
  const days = (parts.BYDAY ?? "").split(",").filter(Boolean).map((code) => WEEKDAYS.find(([known]) => known === code)?.[1]);
  if (Object.keys(parts).some((name) => !PLAIN.has(name)) || days.includes(undefined)) return rule;
  const count = Number(parts.INTERVAL ?? 1);
  const often = count === 1 ? `Every ${UNITS[parts.FREQ]}` : `Every ${count} ${UNITS[parts.FREQ]}s`;
  return days.length ? `${often} on ${days.join(", ")}` : often;
}

/** What the fields of a form say about when; null as long as they do not say enough. */
export function scheduleOf(kind, form) {
  const get = (name) => form.get(name)?.trim();
  const wall = () => (get("day") && get("clock") ? `${get("day")}T${get("clock")}:00` : null);
  if (kind === "phrase") return get("phrase") ? { kind, text: get("phrase") } : null;
  if (kind === "cron") return get("cron") ? { kind, expression: get("cron") } : null;
  if (!wall()) return null;
  if (kind === "once") return { kind, at: wall() };
  const days = get("frequency") === "WEEKLY" ? form.getAll("weekday") : [];
  const rule = [`FREQ=${get("frequency")}`, `INTERVAL=${get("interval") || 1}`, ...(days.length ? [`BYDAY=${days.join(",")}`] : [])];
  return { kind, rule: rule.join(";"), begins: wall() };
}

/** Everything that a form says about when, as the server takes it. */
export function timedOf(kind, form, stopAfter) {
  const schedule = scheduleOf(kind, form);
  const most = form.get("most");
  const ends = { ...(most && { max_occurrences: Number(most) }), ...(stopAfter && { stop_after: stopAfter }) };
  return schedule && { schedule, ...ends };
}
