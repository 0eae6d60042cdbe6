// A small menu below a button: opened by click or key, closed by Escape, by a choice, or by leaving it.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

interface MenuProps {
  /** What the button is called. */
  readonly label: string;
  /** A sign in place of the label; the label stays its name. */
  readonly icon?: ComponentChildren;
  readonly class?: string;
  /** Buttons. */
  readonly children: ComponentChildren;
}

export function Menu({ label, icon, class: extra = '', children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    const close = (event: Event): void => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', close);
    addEventListener('focusin', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('focusin', close);
    };
  }, [open]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes from anywhere inside
    <span
      ref={root}
      class={`menu ${extra}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.stopPropagation();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        class={icon ? 'icon' : 'quiet'}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        {...(icon && { 'aria-label': label, title: label })}
      >
        {icon ?? label}
      </button>
      {open && (
        // biome-ignore lint/a11y/noStaticElementInteractions: a choice inside closes it
        // biome-ignore lint/a11y/useKeyWithClickEvents: buttons inside send clicks for keys
        <span
          id={id}
          class="menu-choices"
          onClick={() => {
            setOpen(false);
            button.current?.focus();
          }}
        >
          {children}
        </span>
      )}
    </span>
  );
}
