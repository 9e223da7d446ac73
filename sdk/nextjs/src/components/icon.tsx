// The few pictograms of the application, drawn here. They say nothing that words do not say as well.

const PATHS = {
  auto: "M12 3a9 9 0 1 0 0 18V3Zm0 0a9 9 0 0 1 0 18",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  dark: "M20 14.2A8.3 8.3 0 0 1 9.8 4a8.3 8.3 0 1 0 10.2 10.2Z",
  reply: "M20 12a8 8 0 0 1-8 8H4l2.3-2.6A8 8 0 1 1 20 12Z",
  repost:
    "M7 20 3.5 16.5M3.5 16.5 7 13M3.5 16.5H15a3 3 0 0 0 3-3v-1M17 4l3.500 3.500M20.500 7.500 17 11M20.500 7.500H9a3 3 0 0 0-3 3v1",
  like: "M12 20s-7.500-4.600-7.500-10.200A4.300 4.300 0 0 1 12 7.200a4.300 4.300 0 0 1 7.500 2.600C19.500 15.400 12 20 12 20Z",
  picture: "M4 5h16v14H4ZM4 16l4.500-4.500 4 4 3-3L20 17M15.500 9.500h.01",
  film: "M3.500 6h12v12h-12ZM15.500 10.500l5-3v9l-5-3Z",
  verified: "M4.500 12.500l5 5L19.500 7",
  rejected: "M6 6l12 12M18 6 6 18",
  refresh: "M20 11a8 8 0 0 0-14.300-3.900L4 9M4 4v5h5M4 13a8 8 0 0 0 14.300 3.900L20 15M20 20v-5h-5",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      {name === "auto" && <path d="M12 3a9 9 0 0 0 0 18Z" fill="currentColor" />}
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

/** The mark of X, which its display requirements want beside each post. */
export function XMark() {
  return (
    <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
      <path
        fill="currentColor"
        d="M18.24 2.25h3.31l-7.23 8.26 8.5 11.24h-6.66l-5.21-6.82-5.97 6.82H1.68l7.73-8.84L1.25 2.25h6.83l4.71 6.23Zm-1.16 17.52h1.83L7.08 4.13H5.12Z"
      />
    </svg>
  );
}

/** A drop of amber. */
export function Brand() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path fill="#d97706" d="M16 2c5.500 6.500 10 11.400 10 17.200A10 10 0 0 1 6 19.200C6 13.400 10.500 8.500 16 2Z" />
      <path fill="#fbbf24" d="M16 9c3.400 4.200 6 7.200 6 10.600a6 6 0 0 1-6 6Z" />
      <circle cx="13" cy="19.500" r="2" fill="#fff7e6" />
    </svg>
  );
}
