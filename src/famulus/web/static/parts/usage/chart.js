// Tokens by day, as a chart; the same numbers stand in a table for whoever cannot see it.
import { html, useEffect, useRef } from "../../app/lib.js";
import { theme } from "../../app/preferences.js";
import { stylesheet } from "../../pages/index.js";

const HEIGHT = 240;
const DAY = 86_400;

export function Chart({ days, since, until }) {
  const place = useRef(null);
  useEffect(() => {
    let chart = null;
    let left = false;
    const draw = async () => {
      const [{ default: Plot }] = await Promise.all([import("../../vendor/uplot.js"), stylesheet("../vendor/uplot.css")]);
      if (left) return;
      chart = new Plot(options(Plot, place.current), series(days, since, until), place.current);
    };
    draw();
    const resized = new ResizeObserver(() => chart?.setSize({ width: place.current.clientWidth, height: HEIGHT }));
    resized.observe(place.current);
    return () => {
      left = true;
      resized.disconnect();
      chart?.destroy();
    };
  }, [days, theme.value]);
  return html`<div class="chart" ref=${place} aria-hidden="true"></div>
    <table class="off-screen">
      <caption>Tokens by day</caption>
      <thead><tr><th>Day</th><th>Read</th><th>Written</th></tr></thead>
      <tbody>${days.map((day) => html`<tr key=${day.by}><td>${day.by}</td><td>${day.input_tokens}</td><td>${day.output_tokens}</td></tr>`)}</tbody>
    </table>`;
}

const seconds = (day) => Date.parse(`${day}T00:00:00Z`) / 1_000;

/** Every day of the span, those without anything as zero; written tokens stand on top of those read. */
function series(days, since, until) {
  const known = new Map(days.map((day) => [seconds(day.by), day]));
  const times = [];
  for (let at = seconds(since); at <= seconds(until); at += DAY) times.push(at);
  const read = times.map((at) => known.get(at)?.input_tokens ?? 0);
  const all = times.map((at, index) => read[index] + (known.get(at)?.output_tokens ?? 0));
  return [times, all, read];
}

function options(Plot, place) {
  const colours = getComputedStyle(place);
  // A colour that depends on the scheme is resolved by the browser where it is used.
  const colour = (name) => {
    place.style.color = `var(${name})`;
    const resolved = colours.color;
    place.style.color = "";
    return resolved;
  };
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const bars = Plot.paths.bars({ size: [0.7, 28], radius: 0.2 });
  const numbers = new Intl.NumberFormat(undefined, { notation: "compact" });
  return {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (at) => Plot.tzDate(new Date(at * 1_000), "UTC"),
    cursor: { y: false, drag: { x: false, y: false } },
    axes: [axis, { ...axis, size: 56, values: (_, splits) => splits.map((value) => numbers.format(value)) }],
    series: [
      { value: "{YYYY}-{MM}-{DD}" },
      { label: "Tokens", fill: colour("--accent"), stroke: colour("--accent"), width: 0, paths: bars, points: { show: false } },
      { label: "of them read", fill: colour("--blue"), stroke: colour("--blue"), width: 0, paths: bars, points: { show: false } },
    ],
  };
}
