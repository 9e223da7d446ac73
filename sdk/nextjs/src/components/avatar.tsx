"use client";
// The picture of a person, or the initials where there is none.
import { useState } from "react";
import css from "./avatar.module.css";

const HUES = 6;

/** The first letters of the first and the last name; a letter is what readers see as one. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => firstLetter(word ?? ""));
  return letters.join("").toLocaleUpperCase();
}

function firstLetter(word: string): string {
  for (const { segment } of new Intl.Segmenter().segment(word)) return segment;
  return "";
}

function hue(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return sum % HUES;
}

export function Avatar({ name, picture }: { name: string; picture?: string | undefined }) {
  const [failed, setFailed] = useState(false);
  if (!picture || failed) {
    return (
      <span className={`${css.avatar} ${css[`hue${hue(name)}`]}`} aria-hidden="true">
        {initials(name)}
      </span>
    );
  }
  return (
    // Pictures of X are small already, and X wants them loaded from X.
    <img
      className={css.avatar}
      src={picture}
      alt=""
      width={44}
      height={44}
      loading="lazy"
      decoding="async"
      referrerPolicy="no-referrer"
      onError={() => setFailed(true)}
    />
  );
}
