// The first questions: how far somebody is, and what they answer.
import { call, V1 } from "./api.js";
import { signal } from "./lib.js";
import { person } from "./session.js";

const AT = `${V1}/onboarding`;
/** `{ state, steps, dismissed }`; null until it is known. */
export const progress = signal(null);

const taken = async (asking) => (progress.value = await asking);

export const STEPS = ["preferences", "model", "memories", "reminder"];
export const look = () => taken(call("GET", AT));
export const begin = () => taken(call("POST", `${AT}/begin`));
export const dismiss = () => taken(call("POST", `${AT}/dismiss`));
export const skip = (step) => taken(call("POST", `${AT}/skip`, { step }));
export const reset = () => taken(call("POST", `${AT}/reset`));

export async function answer(step, said) {
  await taken(call("PUT", `${AT}/${step}`, said));
  person.value = await call("GET", `${V1}/users/me`);
}

export const tryModel = (model) => call("POST", `${V1}/models/trial`, { model });
export const wishes = {
  show: () => call("GET", `${V1}/users/me/preferences`),
  change: (fields) => call("PATCH", `${V1}/users/me/preferences`, fields),
};
