// The texts of a language, for code that runs on the server. Browsers get those of their page alone.
import { en } from "./en";
import { hi } from "./hi";
import type { Locale } from "./locales";
import { type Messages, speaker, type Text } from "./text";

const MESSAGES: Record<Locale, Messages> = { en, hi };

export const messages = (locale: Locale): Messages => MESSAGES[locale];
export const text = (locale: Locale): Text => speaker(locale, MESSAGES[locale]);
