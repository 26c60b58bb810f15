// Numbers over time, as a chart; the same numbers stand in a table for whoever cannot see it.
import { html, useEffect, useRef } from "../app/lib.js";
import { theme } from "../app/preferences.js";
import { stylesheet } from "../pages/index.js";

const HEIGHT = 240;
const compact = new Intl.NumberFormat(undefined, { notation: "compact" });
export const HOUR = 3_600;
export const DAY = 86_400;

/** `lines` are `[{ label, colour, values, bars? }, …]`, a value for each of the `times`, which are seconds. */
export function Plot({ caption, times, lines, step = DAY, show = (value) => compact.format(value) }) {
  const place = useRef(null);
  useEffect(() => {
    const where = place.current;
    let chart = null;
    let left = false;
    const draw = async () => {
      const [{ default: UPlot }] = await Promise.all([import("../vendor/uplot.js"), stylesheet("../vendor/uplot.css")]);
      if (left) return;
      const options = optionsOf(UPlot, where, lines, step, show);
      chart = new UPlot(options, [times, ...lines.map(({ values }) => values)], where);
    };
    draw();
    const again = () => {
      if (!chart) return;
      chart.destroy();
      chart = null;
      draw();
    };
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", again);
    const resized = new ResizeObserver(() => chart?.setSize({ width: where.clientWidth, height: HEIGHT }));
    resized.observe(where);
    return () => {
      left = true;
      resized.disconnect();
      scheme.removeEventListener("change", again);
      chart?.destroy();
    };
  }, [times, lines, theme.value]);
  return html`<div class="chart" ref=${place} aria-hidden="true"></div>
    <table class="off-screen">
      <caption>${caption}</caption>
      <thead><tr><th>${step === DAY ? "Day" : "Hour"}</th>${lines.map(({ label }) => html`<th>${label}</th>`)}</tr></thead>
      <tbody>${times.map((at, index) => html`<tr key=${at}><td>${named(at, step)}</td>${lines.map(({ values }) => html`<td>${values[index] ?? ""}</td>`)}</tr>`)}</tbody>
    </table>`;
}

const named = (at, step) => new Date(at * 1_000).toISOString().slice(0, step === DAY ? 10 : 16).replace("T", " ");

/** Every day or hour from the first day to the end of the last, in seconds. */
export function timesOf(since, until, step = DAY) {
  const times = [];
  const end = Date.parse(`${until}T00:00:00Z`) / 1_000 + DAY;
  for (let at = Date.parse(`${since}T00:00:00Z`) / 1_000; at < end; at += step) times.push(at);
  return times;
}

function optionsOf(UPlot, place, lines, step, show) {
  const colours = getComputedStyle(place);
  // A colour that depends on the scheme is resolved by the browser where it is used.
  const colour = (name) => {
    place.style.color = `var(${name})`;
    const resolved = colours.color;
    place.style.color = "";
    return resolved;
  };
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const bars = UPlot.paths.bars({ size: [0.7, 28], radius: 0.2 });
  const series = ({ label, colour: name, bars: asBars }) => ({
    label,
    stroke: colour(name),
    value: (_, value) => (value === null || value === undefined ? "–" : show(value)),
    ...(asBars ? { fill: colour(name), width: 0, paths: bars, points: { show: false } } : { width: 2, spanGaps: true }),
  });
  return {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (at) => UPlot.tzDate(new Date(at * 1_000), "UTC"),
    cursor: { y: false, drag: { x: false, y: false } },
    axes: [axis, { ...axis, size: 64, values: (_, splits) => splits.map(show) }],
    series: [{ value: step === DAY ? "{YYYY}-{MM}-{DD}" : "{YYYY}-{MM}-{DD} {HH}:{mm}" }, ...lines.map(series)],
  };
}
