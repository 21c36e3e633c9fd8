//! Lists, read page by page.

/// The items on all pages of a list, in order. `page` takes a page token, and returns the items of
/// that page and the token of the next one.
pub async fn all_pages<Item, Error>(
    mut page: impl AsyncFnMut(String) -> Result<(Vec<Item>, String), Error>,
) -> Result<Vec<Item>, Error> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let (items, next) = page(token).await?;
        all.extend(items);
        if next.is_empty() {
            return Ok(all);
        }
        token = next;
    }
}
