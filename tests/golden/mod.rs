//! Texts held fixed in files. `STRATA_BLESS=1 cargo test` writes them anew; `git diff` then shows what changed.

use std::path::Path;

/// Compares `text` with the file `tests/golden/NAME`.
pub fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("STRATA_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == text,
        "{} differs; STRATA_BLESS=1 accepts it\n--- held fixed\n{golden}\n--- now\n{text}",
        path.display()
    );
}
