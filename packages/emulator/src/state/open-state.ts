import type { Clock } from "@bot-join/core";
import type { EmulatorEvent } from "../events.ts";
import type { VersionProfile } from "../profiles/version-profile.ts";
import { ClusterState } from "./cluster-state.ts";
import { StateDirectory, type StateProblem, stateError } from "./state-directory.ts";

/**
 * Makes a cluster's memory, in a state directory if one is given. A document there that cannot be used is
 * `ERR_EMULATOR_STATE` now; later it is somebody's edit, of which an event tells.
 */
export function openState(options: {
  profile: VersionProfile;
  clock: Clock;
  enterprise: boolean;
  stateDirectory: string | undefined;
  emit(event: EmulatorEvent): void;
}): { state: ClusterState; directory: StateDirectory | undefined } {
  const { profile, clock, enterprise, stateDirectory, emit } = options;
  if (stateDirectory === undefined) {
    return { state: new ClusterState({ profile, clock, enterprise }), directory: undefined };
  }
  let found: StateProblem[] | undefined = [];
  const onProblem = (problem: StateProblem): void => {
    if (found === undefined) emit({ type: "state-problem", ...problem });
    else found.push(problem);
  };
  const directory = new StateDirectory(stateDirectory, onProblem);
  directory.removeLeftovers();
  const state = new ClusterState({ profile, clock, enterprise, directory, onProblem });
  const [unusable] = found;
  if (unusable !== undefined) throw stateError(`Reading ${unusable.path}`, unusable.message);
  found = undefined;
  return { state, directory };
}
