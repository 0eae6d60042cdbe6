// "What would it get?": the answer of policy for another site, SSID, method or assurance. Nothing is written.

import { useState } from 'preact/hooks';
import type { WhatItGets as Answer } from '../../api/answers.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { Foreign } from '../../components/foreign.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Problem } from '../../components/problem.tsx';
import { spaced } from '../../components/status-words.ts';
import { DEVICE_TEXTS as TEXTS } from '../device-texts.ts';

const METHODS = ['', 'mab', 'eap-tls', 'eap-ttls', 'peap', 'pap', 'vpn'];
const ASSURANCES = [
  '',
  'certificate-guid',
  'certificate-bare-guid',
  'certificate-name',
  'computer-account',
  'client-claim',
  'mac',
];

interface WhatItGetsProps {
  readonly id: string;
  /** Where it was last, to begin with. */
  readonly site: string | undefined;
}

export function WhatItGets({ id, site }: WhatItGetsProps) {
  const [fields, setFields] = useState({ site: site ?? '', ssid: '', method: '', assurance: '' });
  const [path, setPath] = useState<string>();
  const { data, error, reload } = useAnswer<Answer>(path);
  const change = (name: keyof typeof fields) => (value: string) => setFields({ ...fields, [name]: value });
  const ask = (event: Event): void => {
    event.preventDefault();
    const given = Object.entries(fields).filter(([, value]) => value.trim() !== '');
    const next = `/api/devices/${encodeURIComponent(id)}/what-it-gets?${new URLSearchParams(given)}`;
    if (next === path) reload();
    else setPath(next);
  };
  return (
    <form class="stack" onSubmit={ask}>
      <div class="fields-row">
        <TextField label={TEXTS.whatIfSite} value={fields.site} onValue={change('site')} />
        <TextField label={TEXTS.whatIfSsid} value={fields.ssid} onValue={change('ssid')} />
        <ChoiceField label={TEXTS.whatIfMethod} words={METHODS} value={fields.method} onValue={change('method')} />
        <ChoiceField
          label={TEXTS.whatIfAssurance}
          words={ASSURANCES}
          value={fields.assurance}
          onValue={change('assurance')}
        />
        <button type="submit">{TEXTS.ask}</button>
      </div>
      <Problem error={error} />
      {data !== undefined && (
        <p role="status">
          {TEXTS.wouldGet} <Outcome outcome={data.outcome} />{' '}
          <span class="muted">
            {TEXTS.byRule} <Foreign>{data.rule}</Foreign>
          </span>
        </p>
      )}
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function TextField({ label, value, onValue }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input value={value} maxLength={64} onInput={({ currentTarget }) => onValue(currentTarget.value)} />
    </label>
  );
}

function ChoiceField({ label, value, onValue, words }: FieldProps & { readonly words: readonly string[] }) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        {words.map((word) => (
          <option key={word} value={word}>
            {word === '' ? TEXTS.any : spaced(word)}
          </option>
        ))}
      </select>
    </label>
  );
}
