// Makes an override: about what, with which effect, where and how long. What was typed outlives a refusal and a sign-in.

import type { MadeOverride } from '../../api/answers.ts';
import { send } from '../../api/client.ts';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { useDraft } from '../../shell/use-draft.ts';
import { overrideRequest, type TypedOverride } from './override-request.ts';
import { TEXTS } from './texts.ts';

export function MakeOverride({ onChanged }: { readonly onChanged: () => void }) {
  const [kind, setKind] = useDraft('override.kind', 'mac');
  const [about, setAbout, forgetAbout] = useDraft('override.about');
  const [issuer, setIssuer, forgetIssuer] = useDraft('override.issuer');
  const [effect, setEffect] = useDraft('override.effect', 'block');
  const [role, setRole, forgetRole] = useDraft('override.role');
  const [until, setUntil] = useDraft('override.until', '8h');
  const [site, setSite, forgetSite] = useDraft('override.site');
  const typed = { kind, about, issuer, effect, role, until, site } as TypedOverride;
  return (
    <ReasonedAction
      label={TEXTS.make}
      needs="act"
      primary
      name="make-override"
      title={TEXTS.makeTitle}
      consequence={<p>{TEXTS.makeConsequence}</p>}
      fields={
        <div class="form">
          <Choice label="About" value={kind} onChange={setKind} choices={KINDS} />
          <Text
            label={KINDS.find(([value]) => value === kind)?.[1] ?? 'Value'}
            value={about}
            onChange={setAbout}
            required
          />
          {kind === 'certificate' && (
            <Text label="Issuer" value={issuer} onChange={setIssuer} required={effect === 'role'} />
          )}
          <Choice label="Effect" value={effect} onChange={setEffect} choices={EFFECTS} />
          {effect === 'role' && <Text label="Role of the policy in force" value={role} onChange={setRole} required />}
          <Text label="Until: 4h, 3d, or a time in UTC" value={until} onChange={setUntil} required />
          <Text label="Site; empty for every site" value={site} onChange={setSite} />
        </div>
      }
      run={async (reason) => {
        const { created, warnings } = await send<MadeOverride>(
          'POST',
          '/api/overrides',
          overrideRequest(typed, reason),
        );
        for (const forget of [forgetAbout, forgetIssuer, forgetRole, forgetSite]) forget();
        onChanged();
        const notes = warnings.map((warning) => TEXTS.warnings[warning] ?? warning);
        return [created ? TEXTS.made : TEXTS.wasThere, ...notes].join(' ');
      }}
    />
  );
}

const KINDS = [
  ['mac', 'MAC address'],
  ['device', 'Device: id, name or serial number'],
  ['user', 'User'],
  ['certificate', 'Certificate: serial number'],
] as const;
const EFFECTS = [
  ['block', 'Block'],
  ['role', 'Let on with a role'],
] as const;

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly required?: boolean;
}

function Text({ label, value, onChange, required = false }: TextProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        value={value}
        required={required}
        maxLength={253}
        autoComplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </label>
  );
}

interface ChoiceProps extends Omit<TextProps, 'required'> {
  readonly choices: readonly (readonly [string, string])[];
}

function Choice({ label, value, onChange, choices }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {choices.map(([each, word]) => (
          <option key={each} value={each}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
