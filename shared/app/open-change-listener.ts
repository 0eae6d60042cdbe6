// What happens with a change the poll found.

import type { DeviceChange } from '../domain/device/device-change.ts';
import type { ChangeListener } from '../ports/change-listener.ts';
import { type Logger, traced } from '../ports/telemetry.ts';
import type { Context } from './context.ts';
import type { Enforcement } from './open-enforcement.ts';

/** A change is logged, and enforced where there is a Service Bus. */
export async function openChangeListener(
  { settings, log, telemetry }: Context,
  onChange: ChangeListener | undefined,
  enforcement: () => Promise<Enforcement>,
): Promise<ChangeListener> {
  const listen = onChange ?? logChange(log);
  if (settings.serviceBus === undefined) return listen;
  const { onChange: enforce } = await enforcement();
  const tracing = await telemetry();
  return (change) =>
    traced(tracing, 'nac.change', { parent: change.trace, attributes: { 'nac.source': change.source } }, async () => {
      await enforce(change);
      await listen(change);
    });
}

/** Device ids are no secret; names and addresses stay out. */
function logChange(log: Logger): ChangeListener {
  return async ({ source, id, version, before, after, fields }: DeviceChange) => {
    log.info('device.changed', { device: `${source}|${id}`, version, before, after, fields });
  };
}
