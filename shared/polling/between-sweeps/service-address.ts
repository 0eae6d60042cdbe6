// Where a source is asked about single devices. The poll finds it and leaves it in the store; lookups read it there, so
// that the poll alone looks for it, however many instances answer.

import { addMilliseconds, toInstant } from '../../domain/instant.ts';
import type { ServiceAddress } from '../../ports/mdm-source.ts';
import type { TaskStore } from '../../ports/task-store.ts';
import {
  type AskingTaskDeps,
  runTask,
  type TaskResult,
  type TaskState,
  type TaskTime,
} from '../tasks/background-task.ts';

export const SERVICE_ADDRESS_TASK = 'service-address';
/** Tenants are moved now and then, without notice. */
const FIND_AGAIN_AFTER_MS = 900_000;

interface ServiceAddressState extends TaskState {
  readonly address?: string;
}

export interface ServiceAddressDeps extends AskingTaskDeps {
  readonly source: { readonly name: string; readonly address: ServiceAddress };
}

/** Finds it when it was not found for a quarter of an hour; the last one found stays when that fails. */
export function keepServiceAddress(deps: ServiceAddressDeps, time: TaskTime): Promise<TaskResult> {
  return runTask<ServiceAddressState>(deps, SERVICE_ADDRESS_TASK, time, {}, async () => {
    const address = await deps.source.address.locate();
    return { address, notBefore: addMilliseconds(toInstant(deps.clock.now()), FIND_AGAIN_AFTER_MS) };
  });
}

/** `undefined` until it was found for the first time. */
export async function readServiceAddress(tasks: TaskStore): Promise<string | undefined> {
  const { state } = await tasks.read<ServiceAddressState>(SERVICE_ADDRESS_TASK);
  return state?.address;
}
