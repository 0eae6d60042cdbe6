// A MAC address with a menu that copies it in the notation wanted; the notation chosen last is remembered, and shown.

import { macForm } from '../shell/preferences.ts';
import { TEXTS } from '../texts.ts';
import { announce } from './announcer.tsx';
import { isRandomMac, MAC_FORMS, type MacForm, writeMac } from './mac-forms.ts';
import { Menu } from './menu.tsx';

/** @param mac twelve hexadecimal digits; nothing is shown as a dash */
export function MacAddress({ mac }: { readonly mac: string | undefined }) {
  if (mac === undefined || mac === '') return <span class="muted">–</span>;
  const copy = (form: MacForm): void => {
    macForm.value = form;
    const text = writeMac(mac, form);
    navigator.clipboard.writeText(text).then(
      () => announce(TEXTS.copied(text)),
      () => announce(TEXTS.notCopied),
    );
  };
  return (
    <span class="mac">
      <code>{writeMac(mac, macForm.value)}</code>
      {isRandomMac(mac) && (
        <span class="tag" title={TEXTS.randomMacTitle}>
          {TEXTS.randomMac}
        </span>
      )}
      <Menu label={TEXTS.copyMac(writeMac(mac, macForm.value))} icon={<CopySign />}>
        {MAC_FORMS.map((form) => (
          <button type="button" key={form} onClick={() => copy(form)}>
            <code>{writeMac(mac, form)}</code>
          </button>
        ))}
      </Menu>
    </span>
  );
}

/** Two sheets, drawn: not every system has a character for them. */
function CopySign() {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 5.5v-1.5a1.5 1.5 0 0 0-1.5-1.5h-5a1.5 1.5 0 0 0-1.5 1.5v5a1.5 1.5 0 0 0 1.5 1.5h1.5" />
    </svg>
  );
}
