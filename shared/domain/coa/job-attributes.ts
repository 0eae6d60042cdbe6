// What a span may say of a job: no station, no person, no device.

export function jobAttributes({
  id,
  site,
  attempt,
}: {
  readonly id: string;
  readonly site: string;
  readonly attempt: number;
}) {
  return { 'nac.job.id': id, 'nac.site': site, 'nac.job.attempt': attempt } as const;
}
