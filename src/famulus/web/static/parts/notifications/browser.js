// Whether this very browser tells the person of what happens while the page is closed.
import { html } from "../../app/lib.js";
import { attempt, tell } from "../../app/notices.js";
import { canPush, channelHere, startPushing, stopPushing } from "../../app/push.js";
import { Loaded, useLoaded } from "../page.js";

export function ThisBrowser({ onChange = () => {} }) {
  const found = useLoaded(async () => ({ channel: canPush() ? await channelHere() : null }));
  const turn = async (promise, words) => {
    if (await attempt(promise.then(() => true))) tell(words);
    await found.reload();
    onChange();
  };
  return html`<section class="panel" aria-labelledby="this-browser">
    <h2 id="this-browser">In this browser</h2>
    ${canPush()
      ? html`<${Loaded} of=${found}>${({ channel }) =>
          channel
            ? html`<p class="aside">You are told here of what happens, also while this page is closed.</p>
                <p><button type="button" onClick=${() => turn(stopPushing(), "You are not told here any more.")}>Stop telling me here</button></p>`
            : html`<p class="aside">Be told of what happens while this page is closed. What it says goes by way of the browser's maker, who cannot read it.</p>
                <p><button type="button" onClick=${() => turn(startPushing(), "You are told here from now on.")}>Tell me here</button></p>`}<//>`
      : html`<p class="aside">This browser cannot tell you of anything while the page is closed: that takes a secure address (https) and a browser that knows push messages.</p>`}
  </section>`;
}
