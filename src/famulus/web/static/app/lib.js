// What every component needs: one place that knows where the libraries are.
import { Component, Fragment, h, options, render } from "../vendor/preact.js";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact-hooks.js";
import htm from "../vendor/htm.js";
import { computed, effect, signal, untracked } from "../vendor/signals.js";

// What a component listens to, or focuses, is there as soon as the component is seen: keys are not waited for.
options.requestAnimationFrame = queueMicrotask;

export const html = htm.bind(h);
export { Fragment, computed, effect, render, signal, untracked };
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState };

/** A component that is drawn again only when a prop is another one. */
export function memo(draw) {
  return class extends Component {
    shouldComponentUpdate(next) {
      return Object.keys(next).some((name) => next[name] !== this.props[name]);
    }

    render(props) {
      return h(draw, props);
    }
  };
}
