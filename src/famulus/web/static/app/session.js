// Who is here.
import { auth, me, models as modelsApi, onSignedOut, Refused } from "./api.js";
import { pause } from "./connection.js";
import { forgetAll, isPushed } from "./keep.js";
import { computed, signal } from "./lib.js";
import { attempt, notify } from "./notices.js";
import { goTo, route, takeLinkToken } from "./route.js";

export const person = signal(null);
/** `loading`, `link` (a sign-in link waits for a decision), `out` or `in`. */
export const stage = signal("loading");
export const reason = signal(null);
export const server = signal({ set_up: true, password_sign_in: true });
export const models = signal(null);
export const heldToken = signal(null);

export const model = computed(() => {
  if (!models.value) return null;
  const wanted = person.value?.selected_model ?? models.value.default;
  const choices = models.value.data;
  return choices.find(({ id }) => id === wanted) ?? choices.find(({ id }) => id === models.value.default) ?? null;
});

export const deviceZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export async function begin() {
  heldToken.value = takeLinkToken();
  server.value = await stateOnceReached();
  const { signed_in: signedIn, user } = server.value;
  if (signedIn) person.value = user;
  if (heldToken.value !== null && signedIn) stage.value = "link";
  else if (heldToken.value !== null) await useLink();
  else if (signedIn) enter(user);
  else stage.value = "out";
}

async function stateOnceReached() {
  for (;;) {
    try {
      return await auth.state();
    } catch {
      await pause(2_000);
    }
  }
}

/** Signs in with the link's token; `details` are asked for only if the server needs them. */
export async function introduce(details) {
  enter(await auth.useLink({ token: heldToken.value, ...details }));
  heldToken.value = null;
}

export async function useLink() {
  try {
    await introduce();
  } catch (error) {
    if (person.value) {
      notify(error);
      keepSession();
      return;
    }
    const incomplete = error instanceof Refused && error.status === 422;
    if (!incomplete) heldToken.value = null;
    reason.value = error;
    stage.value = "out";
  }
}

export function keepSession() {
  heldToken.value = null;
  enter(person.value);
}

export async function signIn(email, password) {
  enter(await auth.signIn(email, password));
}

export async function join(details) {
  const joined = await auth.join(details);
  goTo(null, { replace: true });
  enter(joined);
}

/** Sets a password by a link from a mail; whoever has it is signed out everywhere, here too. */
export async function reset(token, password) {
  await auth.resetPassword(token, password);
  goTo(null, { replace: true });
  await leave(null);
}

export async function signOut() {
  await auth.signOut();
  goTo(null);
  await leave(null);
}

/** Signs out and leaves nothing of the person in this browser's tab. */
export async function leaveHere() {
  // What it says would be shown to whoever uses this browser next.
  if (isPushed()) await attempt(import("./push.js").then(({ stopPushing }) => stopPushing()));
  await attempt(signOut());
  if (!person.value) forgetAll();
}

export async function change(fields) {
  person.value = await me.change(fields);
}

function enter(user) {
  if (route.value.name === "join") goTo(null, { replace: true });
  person.value = user;
  reason.value = null;
  server.value = { ...server.value, set_up: true };
  stage.value = "in";
  attempt(modelsApi.list().then((found) => (models.value = found)));
}

/** Shows the door; since the page was loaded, a password may have been set. */
async function leave(why) {
  reason.value = why;
  stage.value = "out";
  person.value = null;
  server.value = await auth.state().catch(() => server.value);
}

onSignedOut(() => stage.value === "in" && leave(new Error("Your session has ended. Please sign in again.")));
