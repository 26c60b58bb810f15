// Times in words, in the reader's language of dates and the zone that the person has chosen.
import { person } from "./session.js";

export const zone = () => person.value?.zone ?? "UTC";

const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** How long ago, or in how long: “3 hours ago”, “in 2 days”. */
export function ago(time, now = Date.now()) {
  const seconds = Math.round((Date.parse(time) - now) / 1_000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [];
  return unit ? relative.format(Math.round(seconds / size), unit) : "just now";
}

const format = (options) => (time) => {
  try {
    return new Intl.DateTimeFormat(undefined, { timeZone: zone(), ...options }).format(new Date(time));
  } catch {
    return String(time);
  }
};

export const day = format({ dateStyle: "medium" });
export const longDay = format({ weekday: "long", day: "numeric", month: "long" });
export const clock = format({ timeStyle: "short" });
export const moment = format({ dateStyle: "medium", timeStyle: "short" });
