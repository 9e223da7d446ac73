// Shows a dashboard of Amber on any page: `mountDashboard(element, { title, getToken })`.
export { Dashboard, mountDashboard } from "./dashboard.js";
export type { Delivery } from "./delivery.js";
export type {
  DashboardEvents,
  DashboardOptions,
  DashboardState,
  EmbedToken,
  GetToken,
  Theme,
  TokenRequest,
  Trouble,
} from "./options.js";
