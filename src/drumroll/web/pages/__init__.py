"""The pages: what customers, operators and the public see in a browser. HTML from templates, forms that work alone."""
