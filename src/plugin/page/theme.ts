const SETTINGS = 'openclaw.control.settings.v1';

/** Takes the light or dark theme that was chosen in the Control UI, which keeps it at this origin. */
export function followTheme(): void {
  try {
    const key = Object.keys(localStorage).find((name) => name.startsWith(SETTINGS)) ?? SETTINGS;
    const { themeMode } = JSON.parse(localStorage.getItem(key) ?? '{}') as { themeMode?: unknown };
    if (themeMode === 'light' || themeMode === 'dark') document.documentElement.style.colorScheme = themeMode;
  } catch {
    // Without storage, or with settings of another version, the system decides.
  }
}
