// Days and clock times in the person's zone. A day is `2026-11-21`; minutes are counted from its midnight.
import { zone } from "../../app/times.js";

const two = (number) => String(number).padStart(2, "0");
const asUtc = (day) => new Date(`${day}T00:00:00Z`);
const dayOf = (date) => date.toISOString().slice(0, 10);

export const plusDays = (day, count) => dayOf(new Date(asUtc(day).getTime() + count * 86_400_000));
export const daysBetween = (one, other) => Math.round((asUtc(other) - asUtc(one)) / 86_400_000);

export function plusMonths(day, count) {
  const date = asUtc(`${day.slice(0, 7)}-01`);
  date.setUTCMonth(date.getUTCMonth() + count);
  return dayOf(date);
}

/** Weeks begin where the reader's locale has them begin. */
function firstWeekday() {
  const locale = new Intl.Locale(navigator.language);
  return (locale.getWeekInfo?.() ?? locale.weekInfo ?? { firstDay: 1 }).firstDay % 7;
}

export function weekStart(day) {
  return plusDays(day, -((asUtc(day).getUTCDay() - firstWeekday() + 7) % 7));
}

/** What the clock on the wall says at an instant: its day, and the minutes since midnight. */
export function wallClock(instant) {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone(), year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(instant));
  const get = (type) => parts.find((part) => part.type === type).value;
  return { day: `${get("year")}-${get("month")}-${get("day")}`, minutes: Number(get("hour")) * 60 + Number(get("minute")) };
}

export const today = () => wallClock(Date.now()).day;

/** The instant at which the wall clock says this; of a time that is skipped, the one after the gap. */
export function instantOf(day, minutes = 0) {
  const wanted = asUtc(day).getTime() + minutes * 60_000;
  let guess = wanted;
  for (let tries = 0; tries < 3; tries += 1) {
    const { day: shown, minutes: past } = wallClock(guess);
    const off = wanted - (asUtc(shown).getTime() + past * 60_000);
    if (!off) break;
    guess += off;
  }
  return new Date(guess).toISOString();
}

export const clockOf = (minutes) => `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
export const minutesOf = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

const formatted = (options) => (day) => new Intl.DateTimeFormat(undefined, { timeZone: "UTC", ...options }).format(asUtc(day));
export const monthName = formatted({ month: "long", year: "numeric" });
export const weekdayName = formatted({ weekday: "short" });
export const longName = formatted({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
export const dayNumber = (day) => Number(day.slice(8));
