// What somebody who is logged in came to do. Each role may do what the ones after it may.

export const ROLES = ["admin", "reviewer", "viewer"] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value);

/** Whether the role may add, remove and refresh leaders. */
export const mayManage = (role: Role): boolean => role === "admin";

/** Whether the role may look at the review queue and decide. */
export const mayReview = (role: Role): boolean => role !== "viewer";
