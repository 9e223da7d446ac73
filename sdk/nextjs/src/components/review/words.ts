// How items of the review queue are called.
import type { Text } from "@/i18n/text";
import type { ReviewItem } from "@/model/review";

export const itemName = (text: Text, { post }: ReviewItem): string =>
  post ? text("review.postOf", { name: post.author.name }) : text("review.record");
