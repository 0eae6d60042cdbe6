// Faults that were mended, each undone by one replacement: `npm run simulate -- --undo <name>` must find them again.

export interface Mutation {
  /** What goes wrong once it is undone. */
  readonly fault: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'long-permit-unwritten': {
    fault: 'a session that could not be written gets the permit of a whole day’s work, and no CoA ever reaches it',
    file: 'shared/lookup/answer-lookup.ts',
    from: "const isSure = kept !== 'failed' && moved === false && known.isRecent;",
    to: 'const isSure = true;',
  },
  'own-word-proves': {
    fault: 'a job is proven by our own answer, whether the NAS acts on it or not',
    file: 'shared/enforcement/settle-job.ts',
    from: "if (evidence === 'wanted') return advance(answered, 'proven', now);",
    to: "return advance(answered, 'proven', now);",
  },
  'one-row-for-all-places': {
    fault: 'a second login with the same address hides the first',
    file: 'shared/domain/session/session-id.ts',
    from: "[asker.sessionKey, asker.site, 'place', placeText(place)]",
    to: "[asker.sessionKey, asker.site, 'place']",
  },
  'one-answer-for-all-credentials': {
    fault: 'the answer for the user’s certificate overwrites that for the machine’s, which another instance may repeat',
    file: 'shared/domain/identity/credential.ts',
    from: 'JSON.stringify([method, ...proof(method, certificate, userName)])',
    to: "''",
  },
  'attempts-go-where-decided': {
    fault: 'attempts go to the session as it was when the job was decided, wherever the station is by now',
    file: 'shared/enforcement/pump-site.ts',
    from: '{ ...job, ...coaTargetOf(session) }',
    to: 'job',
  },
  'operator-swallows-quarantine': {
    fault: 'an operator’s re-authentication takes the place of a quarantine that is under way',
    file: 'shared/enforcement/open-jobs.ts',
    from: 'return newer.wanted !== undefined || older.wanted === undefined;',
    to: 'return newer !== older;',
  },
  'retry-is-a-duplicate': {
    fault: 'duplicate detection swallows the second attempt of a job',
    file: 'shared/domain/coa-job.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    from: 'return `${id}:${attempt}`;',
    to: 'return attempt > 0 ? id : id;',
  },
  'stop-of-an-earlier-session': {
    fault: 'the late Stop of an earlier session of the station ends the one that lives',
    file: 'shared/domain/session/accounting.ts',
    from: "if (event.status === 'Stop') return noted(current, event, known);",
    to: '',
  },
  'late-records-count': {
    fault: 'accounting that comes out of order takes a session back to what it was',
    file: 'shared/domain/session/accounting.ts',
    from: "return current.status === 'stopped' && event.status !== 'Stop' ? event.at <= current.at : event.at < current.at;",
    to: 'return current === undefined && event === undefined;',
  },
  'sent-again-counts-as-new': {
    fault:
      'a record that its NAS had to send again hides the session that came after it, whose CoA then names the wrong one',
    file: 'shared/lookup/read-accounting-event.ts',
    from: 'receivedAt: new Date(byDelay).toISOString(),',
    to: 'receivedAt: new Date(receivedMs).toISOString(),',
  },
  'denied-by-its-server': {
    fault: 'MAB keeps a port open after its RADIUS server denied 802.1X by itself, since our answer came too late',
    file: 'shared/domain/session/answers-in-effect.ts',
    from: "(ruling.decision.outcome.verdict === 'deny' || isNamedAs(bypass, ruling, accounting)) &&",
    to: "(ruling.decision.outcome.verdict === 'deny' || isNamedAs(bypass, ruling, undefined)) &&",
  },
  'lost-address-is-forgotten': {
    fault:
      'an address that its device has lost, and another one gets later, contradicts only after the next comparison of all sessions',
    file: 'shared/enforcement/decide-jobs.ts',
    from: 'const lost = beside.filter((identity) => !known.has(identityText(identity)));',
    to: 'const lost = beside.filter((identity) => known.has(identityText(identity)));',
  },
  'no-second-look': {
    fault: 'a device that turns between decision and session write is noticed by no flow',
    file: 'shared/lookup/answer-lookup.ts',
    from: "kept === 'written' && round < ROUNDS ? hasMovedInTime({ ...deps, joins }, records, found, writeMs) : false",
    to: 'false',
  },
  'no-joins': {
    fault: 'what another source says of a device counts for nothing',
    file: 'shared/lookup/join-records.ts',
    from: 'if (joins === undefined) return [];',
    to: 'if (joins !== null) return [];',
  },
  'no-reconciliation': {
    fault: 'what the fast path missed, and what a policy changed, is compared never',
    file: 'shared/enforcement/reconcile.ts',
    from: 'if (completed === undefined) return true;',
    to: 'if (completed !== undefined || due !== undefined) return false;',
  },
  'changes-reach-no-session': {
    fault: 'a stored change waits for the comparison of all sessions',
    file: 'shared/enforcement/decide-jobs.ts',
    from: 'const sessions = await concernedSessions(deps, change);',
    to: 'const sessions = (await concernedSessions(deps, change)).slice(0, 0);',
  },
  'restart-ends-what-came-after': {
    fault: 'the restart of a NAS ends sessions that began after it',
    file: 'shared/domain/session/session-life.ts',
    from: 'return answers.every(({ decision }) => addMilliseconds(decision.decidedAt, repeatedMs) < nasRestartedAt);',
    to: 'return answers.length + repeatedMs >= 0;',
  },
  'old-policy-is-repeated': {
    fault: 'an instance repeats, unwritten, what it answered before the policy changed',
    file: 'shared/lookup/remember-answer.ts',
    from: 'recent.session.decision.decidedAt >= since &&',
    to: 'since !== undefined &&',
  },
  'older-overwrites-newer': {
    fault: 'an observation that was begun earlier overwrites a newer one',
    file: 'shared/polling/records/plan-device-write.ts',
    from: "if (stored && (stored.observedAt > observedAt || (stored.held?.observedAt ?? '') > observedAt)) {",
    to: 'if (stored && observedAt === undefined) {',
  },
  'roams-are-not-followed': {
    fault: 'accounting of a place where the station has not asked opens no session there',
    file: 'shared/lookup/find-accounted.ts',
    from: "return last && event.status !== 'Stop' ? roamed(client, last.session, last.answer, event) : undefined;",
    to: 'return undefined;',
  },
  'roams-with-class-are-not-followed': {
    fault: 'a fast roam whose accounting carries our Class opens no session at the new place',
    file: 'shared/lookup/find-accounted.ts',
    from: 'return roamed(client, answered, older ?? answerOf(answered), event);',
    to: 'return undefined;',
  },
  'repeated-after-a-restart': {
    fault: 'an answer is repeated, unwritten, after the restart of its NAS, whose sessions count as over',
    file: 'shared/lookup/remember-answer.ts',
    from: 'recent.session.decision.decidedAt > restartedAt;',
    to: 'restartedAt !== undefined;',
  },
  'reports-move-jobs-backward': {
    fault: 'reports that come twice or late take a job back, and past its end',
    file: 'shared/domain/coa/advance-job.ts',
    from: 'if (!further) return job;',
    to: 'if (!further && at === undefined) return job;',
  },
  'an-answer-forgets-accounting': {
    fault: 'writing an answer overwrites what accounting and other credentials have said',
    file: 'shared/adapters/table-storage/write-answer.ts',
    from: "['upsert', entity, 'Merge']",
    to: "['upsert', entity, 'Replace']",
  },
  'bypass-hides-802.1x': {
    fault: 'MAB beside 802.1X on one port counts as the newest word',
    file: 'shared/domain/session/answers-in-effect.ts',
    from: "if (newest.method !== 'mab') return newest;",
    to: 'if (newest !== undefined) return newest;',
  },
  'restarts-are-not-heard': {
    fault: 'sessions that a NAS lost with its restart count as live',
    file: 'shared/domain/session/session-life.ts',
    from: 'if (nasRestartedAt === undefined) return false;',
    to: 'if (nasRestartedAt === undefined || nasRestartedAt !== undefined) return false;',
  },
  'left-between-sweeps': {
    fault: 'a device that was stored between sweeps, and left before one listed it, is missed by none',
    file: 'shared/polling/sweep/sweep-index.ts',
    from: 'this.fleet.expect(key);',
    to: '',
  },
  'dead-slice-is-forgotten': {
    fault: 'a device that a slice stored before it died, and that left meanwhile, is missed by none',
    file: 'shared/polling/sweep/sweep.ts',
    from: 'const mayMissKeys = before.state.owner !== undefined || before.state.mayMissKeys === true;',
    to: 'const mayMissKeys = false;',
  },
  'each-its-own-clock': {
    fault: 'instances compare times of clocks that differ',
    file: 'shared/adapters/table-storage/common-clock.ts',
    from: 'this.#aheadMs = mayBeRight ? 0 : Math.round((this.#least + this.#most) / 2);',
    to: 'this.#aheadMs = mayBeRight ? 0 : 0;',
  },
  'brought-along-with-its-place': {
    fault: 'an answer that a station brought along takes the session back to the place that it left',
    file: 'shared/lookup/find-accounted.ts',
    from: '{ carried: movedTo(placeIn(event), older) }',
    to: '{ carried: older }',
  },
  'answered-covers-for-good': {
    fault: 'a job that waits for its proof covers what the station was answered later',
    file: 'shared/enforcement/settle-job.ts',
    from: "return job.stage === 'answered' && job.wanted !== undefined ? advance(job, 'superseded', now) : job;",
    to: 'return now === undefined ? advance(job, job.stage, now) : job;',
  },
};
