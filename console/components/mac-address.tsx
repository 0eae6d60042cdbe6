// A MAC address with a menu that copies it in the notation wanted; the notation chosen last is remembered, and shown.

import { MAC_FORMS, type MacForm, macForm } from '../shell/preferences.ts';
import { TEXTS } from '../texts.ts';
import { announce } from './announcer.tsx';
import { isRandomMac, writeMac } from './mac-forms.ts';
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
      <Menu label={TEXTS.copyMac(writeMac(mac, macForm.value))} icon="⧉">
        {MAC_FORMS.map((form) => (
          <button type="button" key={form} onClick={() => copy(form)}>
            <code>{writeMac(mac, form)}</code>
          </button>
        ))}
      </Menu>
    </span>
  );
}
