//! What documents say in numbers, held to what the program has.

use strata::costs::Profile;

fn read(path: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// How many costs of the built-in profile have a provenance of this word.
fn costs(word: &str) -> usize {
    Profile::xeon_2017().costs.values().filter(|cost| cost.provenance.word() == word).count()
}

#[test]
fn the_documents_tell_how_many_costs_there_are_and_where_they_come_from() {
    let all = Profile::xeon_2017().costs.len();
    let (published, derived, assumed) = (costs("literature"), costs("derived"), costs("assumed"));
    assert_eq!(published + derived + assumed, all, "nothing in it is measured");

    let readme = read("README.md");
    assert!(readme.contains(&format!("A cost profile gives {all} numbers")), "README.md: there are {all}");
    for (provenance, count) in [("Literature", published), ("Derived", derived), ("Assumed", assumed)] {
        let row = readme.lines().find(|line| line.starts_with(&format!("| `{provenance}` |"))).unwrap();
        assert!(row.ends_with(&format!("| {count} |")), "README.md, {provenance}: there are {count}: {row}");
    }

    let model = format!(
        "{assumed} of {all} costs are assumed, with the reason; {} are published or computed from published figures",
        published + derived
    );
    assert!(read("docs/model.md").contains(&model), "docs/model.md: {model}");
}
